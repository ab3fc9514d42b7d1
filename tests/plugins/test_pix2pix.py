"""pix2pix of Isola et al. (2017) and their code, against plain PyTorch."""

import small_runs
import torch
import torch.nn.functional as F
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn

from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.nn.noise import temporary_seed
from translate.registry import create, find

SPEC = image_spec((64, 64), ("labels", "photo"))


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        part = {"name": "pix2pix", **small_runs.OPTIONS["pix2pix"], **options}
        return create("recipe", part, spec=SPEC).double()


def batch(count: int = 2, seed: int = 1) -> Pair:
    generator = torch.Generator().manual_seed(seed)
    return Pair(*(torch.rand(2, count, 3, 64, 64, generator=generator).double() * 2 - 1))


def says(scores: Tensor, real: bool) -> Tensor:
    """Return the cross entropy of logits, written out."""
    chance = torch.sigmoid(scores)
    return -(chance if real else 1 - chance).log().mean()


def fake_of(recipe: nn.Module, source: Tensor) -> Tensor:
    torch.manual_seed(5)
    return recipe.generator(source)


def test_the_discriminator_turn_is_first_and_gets_source_and_target_concatenated() -> None:
    recipe, (source, target) = build(), batch()
    fake = fake_of(recipe, source)
    discriminator = recipe.discriminator
    expected = 0.5 * (
        says(discriminator(torch.cat([source, target], 1)), True)
        + says(discriminator(torch.cat([source, fake], 1)), False)
    )
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Pair(source, target), 0)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)


def test_the_generator_turn_uses_the_updated_discriminator() -> None:
    recipe, (source, target) = build(), batch()
    fake = fake_of(recipe, source)
    torch.manual_seed(5)
    step, _ = advance_to_turn(recipe, Pair(source, target), 0)
    with torch.no_grad():
        for parameter in recipe.discriminator.parameters():
            parameter.add_(0.05)
    turn = next(step)
    assert turn.player == "generator"
    assert list(turn.losses) == ["gan", "pixel"]
    scores = recipe.discriminator(torch.cat([source, fake], 1))
    assert torch.allclose(turn.losses["gan"], says(scores, True), rtol=1e-12)
    assert torch.allclose(turn.losses["pixel"], 100 * (fake - target).abs().mean(), rtol=1e-12)
    assert next(step, None) is None


def test_the_discriminators_turn_leaves_no_gradient_in_the_generator() -> None:
    recipe = build()
    _, turn = advance_to_turn(recipe, batch(), 0)
    gradients = torch.autograd.grad(
        turn.total, list(recipe.generator.parameters()), allow_unused=True
    )
    assert set(gradients) == {None}


def test_other_losses_can_be_selected() -> None:
    recipe, (source, target) = build(adversarial="lsgan", pixel="l2", pixel_weight=3.0), batch()
    fake = fake_of(recipe, source)
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Pair(source, target), 1)
    assert torch.allclose(turn.losses["pixel"], 3 * F.mse_loss(fake, target), rtol=1e-12)
    scores = recipe.discriminator(torch.cat([source, fake], 1))
    assert torch.allclose(turn.losses["gan"], ((scores - 1) ** 2).mean(), rtol=1e-12)


def test_defaults_are_those_of_the_paper() -> None:
    recipe = find("recipe", "pix2pix")
    assert recipe.defaults["data"] == {"layout": "paired", "size": 256}
    assert recipe.defaults["train"] == {"epochs": 200, "batch_size": 1, "schedule": "constant"}
    built = create("recipe", "pix2pix", spec=image_spec((256, 256), ("a", "b")))
    assert sum(p.numel() for p in built.generator.parameters()) == 54_413_955
    assert sum(p.numel() for p in built.discriminator.parameters()) == 2_768_705
    for player, network in (("discriminator", built.discriminator), ("generator", built.generator)):
        (group,) = built.optimizers()[player].param_groups
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))
        assert {id(p) for p in group["params"]} == {id(p) for p in network.parameters()}
    assert list(built.optimizers()) == ["discriminator", "generator"]


def test_a_smaller_crop_makes_a_shallower_network() -> None:
    sides = {}
    for size in (64, 128, 256, 512):
        part = {"name": "pix2pix", "generator": {"name": "unet", "width": 2}}
        recipe = create("recipe", part, spec=image_spec((size, size), ("a", "b")))
        sides[size] = recipe.geometry.multiple_of
    assert sides == {64: 64, 128: 128, 256: 256, 512: 256}


# -- translation -----------------------------------------------------------------------------------


def trained_recipe() -> nn.Module:
    recipe = build()
    optimizers = recipe.optimizers()
    with temporary_seed(2):
        for seed in range(3):
            take_turns(recipe, batch(2, seed), optimizers)
    return recipe.eval()


def test_a_translation_does_not_depend_on_the_batch() -> None:
    recipe, (images, _) = trained_recipe(), batch(3, seed=9)
    images[1] *= 0.1
    with torch.no_grad():
        batch_outputs = recipe.translate(images, to="photo")
        reversed_outputs = recipe.translate(images.flip(0), to="photo").flip(0)
        single_outputs = torch.cat([recipe.translate(p[None], to="photo") for p in images])
    assert torch.equal(batch_outputs, reversed_outputs)
    assert torch.equal(batch_outputs, single_outputs)


def test_inference_uses_statistics_of_the_image_and_dropout() -> None:
    recipe, (images, _) = trained_recipe(), batch(1, seed=9)
    with torch.no_grad():
        result = recipe.translate(images, to="photo")
        by_running_statistics = recipe.generator(images)
        recipe.generator.train()
        for part in recipe.generator.modules():
            if isinstance(part, nn.Dropout):
                part.eval()
        without_dropout = recipe.generator(images)
    assert (result - by_running_statistics).abs().max() > 1e-3
    assert (result - without_dropout).abs().max() > 1e-4


def test_translating_changes_neither_statistics_nor_modes_nor_the_random_state() -> None:
    recipe, (images, _) = trained_recipe(), batch(2, seed=9)
    before = {key: tensor.clone() for key, tensor in recipe.state_dict().items()}
    random = torch.get_rng_state()
    with torch.no_grad():
        recipe.translate(images, to="photo")
    assert all(torch.equal(tensor, before[key]) for key, tensor in recipe.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert not any(part.training for part in recipe.modules())


def test_training_updates_running_statistics() -> None:
    recipe = build()
    before = recipe.generator.state_dict()
    before = {k: v.clone() for k, v in before.items() if "running_mean" in k}
    take_turns(recipe, batch(), recipe.optimizers())
    assert before
    assert all(not torch.equal(recipe.generator.state_dict()[k], v) for k, v in before.items())


def test_a_preview_shows_source_translation_and_target() -> None:
    recipe, pair = trained_recipe(), batch(2)
    with torch.no_grad():
        rows = [*recipe.preview(pair).values()]
        output = recipe.translate(pair.source, to="photo")
    assert [
        torch.equal(a, b) for a, b in zip(rows, (pair.source, output, pair.target), strict=True)
    ] == [True] * 3
