"""Conditional GAN of Mirza and Osindero (2014), against plain PyTorch."""

from itertools import combinations

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, cross_entropy, discriminator_loss, random_images

from translate.batches import ImageSpec, Labelled
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find

CLASSES = ("cat", "dog", "owl")
SPEC = image_spec((16, 16), ("pets",), 1, classes=CLASSES)
SMALL = {"name": "dcgan", "width": 4}


def build(spec: ImageSpec = SPEC, **options: object) -> nn.Module:
    values = {"generator": SMALL, "discriminator": SMALL, "latent_dim": 5, **options}
    with temporary_seed(0):
        return create("recipe", {"name": "cgan", **values}, spec=spec).double()


def batch(count: int = 4, seed: int = 1) -> Labelled:
    images = random_images(count, 1, 16, 16, seed=seed)
    return Labelled(images, torch.arange(count) % 3)


def with_labels(images: Tensor, labels: Tensor) -> Tensor:
    """Return images with three more channels: the one-hot labels at each pixel."""
    channels = torch.eye(3, dtype=images.dtype)[labels][:, :, None, None]
    return torch.cat([images, channels.expand(-1, -1, *images.shape[2:])], 1)


def test_both_players_get_the_labels_of_the_batch() -> None:
    recipe, (images, labels) = build(), batch()
    torch.manual_seed(5)
    fake = recipe.generator(with_labels(recipe.latents(4).double(), labels))
    real_scores, fake_scores = (
        recipe.discriminator(with_labels(x, labels)) for x in (images, fake)
    )
    torch.manual_seed(5)
    step, turn = advance_to_turn(recipe, Labelled(images, labels), 0)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, discriminator_loss(real_scores, fake_scores), rtol=1e-12)
    turn = next(step)
    assert (turn.player, set(turn.losses)) == ("generator", {"gan"})
    assert torch.allclose(turn.total, cross_entropy(fake_scores, real=True), rtol=1e-12)
    assert next(step, None) is None


def test_another_label_changes_the_score_and_the_image() -> None:
    recipe = build().eval()
    with torch.no_grad():
        for parameter in recipe.parameters():
            parameter.mul_(10)  # an untrained network gives similar scores
        noise, (images, _) = recipe.latents(1).double(), batch(1)
        labels = [torch.tensor([label]) for label in range(3)]
        drawn_images = [recipe.draw(noise, label) for label in labels]
        scores = [recipe.discriminator(with_labels(images, label)) for label in labels]
    for results in (drawn_images, scores):
        assert all((a - b).abs().max() > 1e-3 for a, b in combinations(results, 2))


def test_the_generator_turn_comes_after_discriminator_turns() -> None:
    recipe, players = build(discriminator_steps=3), []
    for recipe.iteration in range(6):
        players += [turn.player for turn in recipe.step(batch())]
    assert players == 2 * (["discriminator"] * 3 + ["generator"])


def test_feature_matching_is_an_option() -> None:
    recipe, (images, labels) = build(feature_matching_weight=2.0), batch()
    torch.manual_seed(5)
    fake = recipe.generator(with_labels(recipe.latents(4).double(), labels))
    features = [recipe.discriminator.features(with_labels(x, labels)) for x in (images, fake)]
    distances = [(a.mean(0) - b.mean(0)).square().mean() for a, b in zip(*features, strict=True)]
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Labelled(images, labels), 1)
    assert torch.allclose(turn.losses["feature_matching"], 2 * sum(distances), rtol=1e-12)


@pytest.mark.parametrize("generator", [SMALL, {"name": "mlp", "width": 4}])
@pytest.mark.parametrize(
    "discriminator",
    [
        {"name": "mlp", "width": 4},
        {"name": "noisy", "of": SMALL, "sigma": 0.1},
        {"name": "patch", "width": 4, "layers": 1},
    ],
)
def test_any_networks_can_be_used(generator: object, discriminator: object) -> None:
    recipe = build(generator=generator, discriminator=discriminator)
    result = take_turns(recipe, batch(), recipe.optimizers())
    assert set(result.losses) == {"discriminator/gan", "generator/gan"}
    assert all(loss.isfinite() for loss in result.losses.values())


def test_images_of_a_class_are_generated_and_a_missing_class_is_refused() -> None:
    recipe = build().eval()
    assert recipe.conditions() == CLASSES
    assert recipe.draw(recipe.latents(3).double(), torch.tensor([2, 0, 1])).shape == (3, 1, 16, 16)
    with pytest.raises(ConfigError, match=r"class: .* name one of cat, dog, owl"):
        recipe.draw(recipe.latents(3).double())


def test_images_without_classes_are_refused_with_the_layouts_that_have_them() -> None:
    with pytest.raises(ConfigError, match=r"data\.layout: .* labelled, .* or idx"):
        build(image_spec((16, 16), ("pets",), 1))


def test_a_walk_has_a_row_of_images_for_each_class() -> None:
    rows = build().float().eval().walk(4, torch.Generator().manual_seed(1))
    assert [tuple(row.shape) for row in rows] == [(4, 1, 16, 16)] * 3


def test_a_preview_shows_the_batch_and_samples_of_its_classes() -> None:
    recipe, (images, labels) = build().eval(), batch()
    torch.manual_seed(5)
    rows = [*recipe.preview(Labelled(images, labels)).values()]
    torch.manual_seed(5)
    latents, one_class = recipe.latents(4).double(), labels[:1].expand_as(labels)
    expected = images, recipe.draw(latents, labels), recipe.draw(latents, one_class)
    assert all(torch.equal(a, b) for a, b in zip(rows, expected, strict=True))


def test_defaults_are_those_of_the_paper() -> None:
    data = {"layout": "labelled", "size": 32, "resize": "fit", "flip": False}
    assert find("recipe", "cgan").defaults["data"] == data
    latents = create("recipe", "cgan", spec=SPEC).latents(99)
    assert latents.shape == (99, 100, 1, 1)
    assert latents.abs().max() <= 1
