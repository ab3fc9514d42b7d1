"""InfoGAN of Chen et al. (2016) and of the authors' code, against plain PyTorch."""

import math

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, change_weights_, cross_entropy, discriminator_loss, random_images

from translate.batches import Images
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find

SPEC = image_spec((16, 16), ("digits",), 1)
SMALL = {"name": "dcgan", "width": 4}


def build(**options: object) -> nn.Module:
    small = {"generator": SMALL, "discriminator": SMALL, "latent_dim": 5, "categories": 3}
    with temporary_seed(0):
        return create("recipe", {"name": "infogan", **small, **options}, spec=SPEC).double()


def batch(count: int = 4, seed: int = 1) -> Images:
    return Images(random_images(count, 1, 16, 16, seed=seed))


def code_losses(recipe: nn.Module, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return the losses of the category and of both continuous codes, without constants."""
    predictions = recipe.head(recipe.discriminator.features(images)[-1])
    probabilities = predictions[:, :3].softmax(1)
    category = -(probabilities * noise[:, 5:8, 0, 0]).sum(1).log().mean()
    gaussian = torch.distributions.Normal(predictions[:, 3:], 1.0)
    continuous = -gaussian.log_prob(noise[:, 8:, 0, 0]).sum(1).mean()
    return category, continuous - math.log(2 * math.pi)


def test_both_turns_are_those_of_a_gan_with_the_loss_of_predicted_codes() -> None:
    recipe, (images,) = build(information_weight=0.5), batch()
    torch.manual_seed(5)
    noise = recipe.latents(4).double()
    fake = recipe.generator(noise)
    scores = recipe.discriminator(images), recipe.discriminator(fake)
    category, continuous = code_losses(recipe, fake, noise)
    torch.manual_seed(5)
    step, first = advance_to_turn(recipe, Images(images), 0)
    second = next(step)
    assert next(step, None) is None
    assert (first.player, second.player) == ("discriminator", "generator")
    assert torch.allclose(first.losses["gan"], discriminator_loss(*scores), rtol=1e-9)
    assert torch.allclose(second.losses["gan"], cross_entropy(scores[1], real=True), rtol=1e-9)
    for turn in (first, second):
        assert list(turn.losses) == ["gan", "category", "continuous"]
        assert torch.allclose(turn.losses["category"], 0.5 * category, rtol=1e-6)
        assert torch.allclose(turn.losses["continuous"], 0.5 * continuous, rtol=1e-6)


def test_the_generator_turn_uses_the_updated_head() -> None:
    recipe, (images,) = build(), batch()
    torch.manual_seed(5)
    noise = recipe.latents(4).double()
    fake = recipe.generator(noise)
    torch.manual_seed(5)
    step, _ = advance_to_turn(recipe, Images(images), 0)
    change_weights_(recipe.head, recipe.discriminator)
    turn = next(step)
    category, continuous = code_losses(recipe, fake, noise)
    assert torch.allclose(turn.losses["category"], category, rtol=1e-6)
    assert torch.allclose(turn.losses["continuous"], continuous, rtol=1e-6)


def test_a_constant_prediction_has_the_entropy_of_the_category_as_loss() -> None:
    recipe = build()
    for parameter in recipe.head.parameters():
        nn.init.zeros_(parameter)
    _, turn = advance_to_turn(recipe, batch(), 1)
    assert turn.losses["category"].item() == pytest.approx(math.log(3))


def test_latents_are_noise_a_one_hot_category_and_uniform_continuous_codes() -> None:
    latents = build(prior="normal").latents(3000, torch.Generator().manual_seed(1))
    assert latents.shape == (3000, 5 + 3 + 2, 1, 1)
    noise, category, continuous = latents.flatten(1).split([5, 3, 2], 1)
    assert noise.std().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(category.sum(1), torch.ones(3000))
    assert set(category.unique().tolist()) == {0.0, 1.0}
    assert category.mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.05)
    assert continuous.abs().max() <= 1
    assert continuous.std(0).tolist() == pytest.approx([3**-0.5] * 2, abs=0.02)


def test_a_condition_replaces_the_category_of_the_latents() -> None:
    recipe = build().eval()
    assert recipe.conditions() == ("0", "1", "2")
    noise = recipe.latents(3).double()
    expected = noise.clone()
    expected[:, 5:8, 0, 0] = torch.eye(3).double()[[2, 2, 0]]
    images = recipe.draw(noise, torch.tensor([2, 2, 0]))
    assert torch.equal(images, recipe.generator(expected))
    assert torch.equal(recipe.draw(noise), recipe.generator(noise))


def test_a_walk_has_a_row_for_each_code_and_changes_no_other_latents() -> None:
    recipe = build().float().eval()
    inputs: list[Tensor] = []
    recipe.generator.register_forward_hook(lambda _m, noise, _o: inputs.append(noise[0].flatten(1)))
    rows = recipe.walk(5, torch.Generator().manual_seed(1), torch.tensor([1]))
    assert [tuple(row.shape) for row in rows] == [(5, 1, 16, 16)] * 3
    category, first, second = inputs
    assert category[:, 5:8].argmax(1).tolist() == [0, 1, 2, 0, 1]
    assert first[:, 8].tolist() == second[:, 9].tolist() == [-2, -1, 0, 1, 2]
    assert first[:, 5:8].argmax(1).tolist() == second[:, 5:8].argmax(1).tolist() == [1] * 5
    for row in inputs:
        assert torch.equal(row[:, :5], inputs[0][:1, :5].expand(5, -1))
    assert torch.equal(first[:, 9], category[:, 9])
    assert torch.equal(second[:, 8], category[:, 8])


def test_without_continuous_codes_the_category_is_the_only_code() -> None:
    recipe = build(continuous=0)
    result = take_turns(recipe, batch(), recipe.optimizers())
    assert result.losses["discriminator/continuous"] == result.losses["generator/continuous"] == 0
    assert len(recipe.float().eval().walk(3, torch.Generator())) == 1


def test_any_discriminator_with_features_can_be_used() -> None:
    for discriminator in (
        {"name": "mlp", "width": 4},
        {"name": "patch", "width": 4, "layers": 1},
        {"name": "noisy", "of": SMALL, "sigma": 0.1},
    ):
        recipe = build(discriminator=discriminator)
        result = take_turns(recipe, batch(), recipe.optimizers())
        assert all(loss.isfinite() for loss in result.losses.values())


def test_creating_the_heads_does_not_change_running_statistics() -> None:
    buffers = dict(build().discriminator.named_buffers())
    means = [b for name, b in buffers.items() if name.endswith("running_mean")]
    assert means
    assert all(not mean.any() for mean in means)


def test_invalid_numbers_of_codes_are_refused() -> None:
    with pytest.raises(ConfigError, match="categories"):
        build(categories=1)
    with pytest.raises(ConfigError, match="continuous"):
        build(continuous=-1)


def test_a_batch_of_one_is_refused_with_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"train\.batch_size: .* set 2 or more"):
        next(build().step(batch(1)))


def test_a_preview_shows_the_batch_and_a_walk_of_each_code() -> None:
    recipe, images = build().float().eval(), batch().images.float()
    rows = [*recipe.preview(Images(images)).values()]
    expected = [images, *recipe.walk(4, torch.Generator().manual_seed(0))]
    assert all(torch.equal(a, b) for a, b in zip(rows, expected, strict=True))


def test_defaults_are_those_of_the_paper() -> None:
    defaults = find("recipe", "infogan").defaults
    assert (defaults["data"]["layout"], defaults["train"]["batch_size"]) == ("images", 128)
    built = create("recipe", "infogan", spec=image_spec((28, 28), ("digits",), 1))
    assert built.latents(1).shape == (1, 62 + 10 + 2, 1, 1)
    assert built.information_weight == 1.0
    assert [tuple(p.shape) for p in built.head.parameters()][-2:] == [(12, 128), (12,)]
