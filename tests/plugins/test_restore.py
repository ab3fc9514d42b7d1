"""Restoration of degraded images, against plain PyTorch."""

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, change_weights_, cross_entropy, discriminator_loss, random_images

from translate.batches import Images
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find
from translate_plugins.restore.degradations import DegradationChain

SPEC = image_spec((16, 16), ("photos",))
NOISE = [{"name": "noise", "sigma": 0.2}]
SRRESNET = {"name": "srresnet", "width": 2, "blocks": 1, "norm": "none"}
PATCH = {"name": "patch", "width": 2, "layers": 1}


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        networks = {"generator": SRRESNET, "discriminator": PATCH}
        part = {"name": "restore", "degradations": NOISE, **networks, **options}
        return create("recipe", part, spec=SPEC).double()


def batch(count: int = 2) -> Images:
    return Images(random_images(count, 3, 16, 16))


def degrade(images: Tensor) -> Tensor:
    """Return the images that a step after seed 5 degrades."""
    with temporary_seed(5):
        return DegradationChain(NOISE)(images)


def test_the_default_loss_is_the_pixel_loss_only() -> None:
    recipe, (clean,) = build(pixel_weight=2.0), batch()
    degraded = degrade(clean)
    torch.manual_seed(5)
    step, turn = advance_to_turn(recipe, Images(clean), 0)
    expected = 2 * (degraded + recipe.generator(degraded) - clean).abs().mean()
    assert (turn.player, set(turn.losses)) == ("generator", {"pixel"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    assert next(step, None) is None
    assert list(recipe.optimizers()) == ["generator"]
    assert not any("discriminator" in key for key in recipe.state_dict())


def test_adversarial_and_content_losses_can_be_added() -> None:
    recipe, (clean,) = build(adversarial_weight=0.01, content="l2", content_weight=0.5), batch()
    degraded = degrade(clean)
    torch.manual_seed(5)
    step, first = advance_to_turn(recipe, Images(clean), 0)
    discriminator = recipe.discriminator
    output = degraded + recipe.generator(degraded)
    expected = discriminator_loss(discriminator(clean), discriminator(output))
    assert (first.player, set(first.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(first.total, expected, rtol=1e-12)
    change_weights_(discriminator)
    turn = next(step)
    losses = {
        "pixel": (output - clean).abs().mean(),
        "gan": 0.01 * cross_entropy(discriminator(output), real=True),
        "content": 0.5 * (output - clean).square().mean(),
    }
    assert (turn.player, turn.losses.keys()) == ("generator", losses.keys())
    for name, loss in losses.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name


def test_each_step_degrades_images_with_new_random_numbers() -> None:
    recipe = build()
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses += [[advance_to_turn(recipe, batch(), 0)[1].total.item() for _ in range(2)]]
    assert losses[0] == losses[1]
    assert len({*losses[0], *losses[2]}) == 4


def test_a_network_of_zeros_returns_its_input() -> None:
    recipe, (images,) = build(), batch()
    with torch.no_grad():
        for parameter in recipe.generator.parameters():
            parameter.zero_()
    assert torch.equal(recipe.translate(images[..., :5, :9], to=""), images[..., :5, :9])


def test_outputs_are_clamped_in_inference_and_not_in_training() -> None:
    recipe, (images,) = build(), batch()
    with torch.no_grad():
        recipe.generator.tail[-1].bias.fill_(3.0)
    assert recipe.restore(images).max() > 1
    assert recipe.translate(images, to="").abs().max() <= 1
    torch.manual_seed(5)
    degraded, output, clean = recipe.preview(Images(images)).values()
    assert torch.equal(degraded, degrade(images))
    assert torch.equal(output, recipe.translate(degraded, to=""))
    assert torch.equal(clean, images)


def test_defaults_are_noise_a_residual_network_and_pixels() -> None:
    recipe = find("recipe", "restore")
    assert recipe.defaults["data"] == {"layout": "images", "size": 64, "resize": "none"}
    with torch.device("meta"):
        built = create("recipe", "restore", spec=SPEC)
    assert sum(p.numel() for p in built.parameters()) == 1_249_812  # srresnet without norms
    (step,) = built.degrade.steps
    assert step[1:] == (0.1, 0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degradations": "noise"}, "degradations: expected a list, got 'noise'"),
        ({"adversarial_weight": -1}, "adversarial_weight: expected greater than or equal to 0"),
        ({"generator": {**SRRESNET, "scale": 2}}, "SrResnet has the scale 2, expected 1"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**options)
