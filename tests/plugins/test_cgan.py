"""Conditional GAN of Mirza and Osindero (2014), against plain PyTorch."""

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn

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
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, 16, 16, generator=generator).double() * 2 - 1
    return Labelled(images, torch.arange(count) % 3)


def beside(images: Tensor, labels: Tensor) -> Tensor:
    """Return images with three one-hot planes of their labels."""
    planes = images.new_zeros(len(images), 3, *images.shape[2:])
    for plane, label in zip(planes, labels.tolist(), strict=True):
        plane[label] = 1
    return torch.cat([images, planes], 1)


def says(scores: Tensor, real: bool) -> Tensor:
    """Return the cross entropy of logits, written out."""
    chance = torch.sigmoid(scores)
    return -(chance if real else 1 - chance).log().mean()


def test_both_players_get_the_labels_of_the_batch() -> None:
    recipe, (images, labels) = build(), batch()
    torch.manual_seed(5)
    fake = recipe.generator(beside(recipe.latents(4).double(), labels))
    scores = [recipe.discriminator(beside(x, labels)) for x in (images, fake)]
    torch.manual_seed(5)
    step, turn = advance_to_turn(recipe, Labelled(images, labels), 0)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    expected = says(scores[0], True) + says(scores[1], False)
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    turn = next(step)
    assert (turn.player, set(turn.losses)) == ("generator", {"gan"})
    assert torch.allclose(turn.total, says(scores[1], True), rtol=1e-12)
    assert next(step, None) is None


def test_another_label_gives_another_score_and_image() -> None:
    recipe = build().eval()
    with torch.no_grad():
        for parameter in recipe.parameters():
            parameter.mul_(10)  # an untrained network gives similar scores
        noise, (images, _) = recipe.latents(1).double(), batch(1)
        drawn_images = [recipe.draw(noise, torch.tensor([label])) for label in range(3)]
        scores = [recipe.discriminator(beside(images, torch.tensor([i]))) for i in range(3)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert (drawn_images[one] - drawn_images[other]).abs().max() > 1e-3
        assert (scores[one] - scores[other]).abs() > 1e-3


def test_the_discriminators_turn_leaves_no_gradient_in_the_generator() -> None:
    recipe = build()
    _, turn = advance_to_turn(recipe, batch(), 0)
    gradients = torch.autograd.grad(
        turn.total, list(recipe.generator.parameters()), allow_unused=True
    )
    assert set(gradients) == {None}


def test_the_generator_turn_comes_after_discriminator_turns() -> None:
    recipe, players = build(discriminator_steps=3), []
    for recipe.iteration in range(6):
        players += [turn.player for turn in recipe.step(batch())]
    three = ["discriminator"] * 3 + ["generator"]
    assert players == three + three


def test_feature_matching_is_an_option() -> None:
    recipe, (images, labels) = build(feature_matching_weight=2.0), batch()
    torch.manual_seed(5)
    fake = recipe.generator(beside(recipe.latents(4).double(), labels))
    features = [recipe.discriminator.features(beside(x, labels)) for x in (images, fake)]
    distances = [(a.mean(0) - b.mean(0)).square().mean() for a, b in zip(*features, strict=True)]
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Labelled(images, labels), 1)
    assert torch.allclose(
        turn.losses["feature_matching"], 2 * torch.stack(distances).sum(), rtol=1e-12
    )


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


def test_it_generates_the_requested_class_and_refuses_a_missing_one() -> None:
    recipe = build().eval()
    assert recipe.conditions() == CLASSES
    assert recipe.draw(recipe.latents(3).double(), torch.tensor([2, 0, 1])).shape == (3, 1, 16, 16)
    with pytest.raises(ConfigError, match=r"class: .* name one of cat, dog, owl"):
        recipe.draw(recipe.latents(3).double())


def test_images_without_classes_are_refused_with_the_layouts_that_have_them() -> None:
    with pytest.raises(ConfigError, match=r"data\.layout: .* labelled, .* or idx"):
        build(image_spec((16, 16), ("pets",), 1))


def test_the_walk_has_a_row_a_class() -> None:
    rows = build().float().eval().walk(4, torch.Generator().manual_seed(1))
    assert [tuple(row.shape) for row in rows] == [(4, 1, 16, 16)] * 3


def test_a_preview_shows_the_batch_and_samples_of_its_classes() -> None:
    recipe, pair = build().eval(), batch()
    torch.manual_seed(5)
    rows = [*recipe.preview(pair).values()]
    torch.manual_seed(5)
    latents, one_class = recipe.latents(4).double(), pair.labels[:1].expand_as(pair.labels)
    expected = pair.images, recipe.draw(latents, pair.labels), recipe.draw(latents, one_class)
    assert all(torch.equal(a, b) for a, b in zip(rows, expected, strict=True))


def test_the_defaults_are_those_of_the_paper() -> None:
    recipe = find("recipe", "cgan")
    assert recipe.defaults["data"] == {
        "layout": "labelled",
        "size": 32,
        "resize": "fit",
        "flip": False,
    }
    recipe_of_dcgan = build(generator="dcgan", discriminator="dcgan", latent_dim=100)
    assert recipe_of_dcgan.latents(2).shape == (2, 100, 1, 1)
    assert recipe_of_dcgan.latents(99).abs().max() <= 1
    for player, network in (
        ("discriminator", recipe_of_dcgan.discriminator),
        ("generator", recipe_of_dcgan.generator),
    ):
        (group,) = recipe_of_dcgan.optimizers()[player].param_groups
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))
        assert {id(p) for p in group["params"]} == {id(p) for p in network.parameters()}
