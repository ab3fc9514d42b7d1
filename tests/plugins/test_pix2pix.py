"""pix2pix of Isola et al. (2017) and of the authors' code, against plain PyTorch."""

import small_runs
import torch
import torch.nn.functional as F
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, change_weights_, cross_entropy, discriminator_loss, random_images

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
    return Pair(*random_images(2, count, 3, 64, 64, seed=seed))


def generate(recipe: nn.Module, source: Tensor) -> Tensor:
    """Return the image that a step after seed 5 generates, with the same dropout."""
    torch.manual_seed(5)
    return recipe.generator(source)


def test_the_discriminator_turn_is_first_and_gets_source_and_target_concatenated() -> None:
    recipe, (source, target) = build(), batch()
    fake = generate(recipe, source)
    scores = (recipe.discriminator(torch.cat([source, image], 1)) for image in (target, fake))
    expected = 0.5 * discriminator_loss(*scores)
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Pair(source, target), 0)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)


def test_the_generator_turn_uses_the_updated_discriminator() -> None:
    recipe, (source, target) = build(), batch()
    fake = generate(recipe, source)
    torch.manual_seed(5)
    step, _ = advance_to_turn(recipe, Pair(source, target), 0)
    change_weights_(recipe.discriminator)
    turn = next(step)
    assert turn.player == "generator"
    assert list(turn.losses) == ["gan", "pixel"]
    scores = recipe.discriminator(torch.cat([source, fake], 1))
    assert torch.allclose(turn.losses["gan"], cross_entropy(scores, real=True), rtol=1e-12)
    assert torch.allclose(turn.losses["pixel"], 100 * (fake - target).abs().mean(), rtol=1e-12)
    assert next(step, None) is None


def test_the_adversarial_and_the_pixel_loss_are_options() -> None:
    recipe, (source, target) = build(adversarial="lsgan", pixel="l2", pixel_weight=3.0), batch()
    fake = generate(recipe, source)
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
    small_crops = image_spec((64, 64), ("a", "b"))
    assert create("recipe", "pix2pix", spec=small_crops).geometry.multiple_of == 64


def trained_recipe() -> nn.Module:
    recipe = build()
    optimizers = recipe.optimizers()
    with temporary_seed(2):
        for seed in range(3):
            take_turns(recipe, batch(2, seed), optimizers)
    return recipe.eval()


def test_translation_uses_statistics_of_the_image_and_dropout() -> None:
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


def test_translating_changes_neither_modes_nor_the_random_state() -> None:
    recipe, (images, _) = trained_recipe(), batch(2, seed=9)
    random_state = torch.get_rng_state()
    with torch.no_grad():
        recipe.translate(images, to="photo")
    assert torch.equal(torch.get_rng_state(), random_state)
    assert not any(part.training for part in recipe.modules())


def test_training_updates_running_statistics() -> None:
    recipe = build()
    means = [b for name, b in recipe.generator.named_buffers() if "running_mean" in name]
    assert means and not any(mean.any() for mean in means)
    take_turns(recipe, batch(), recipe.optimizers())
    assert all(mean.any() for mean in means)


def test_a_preview_shows_source_translation_and_target() -> None:
    recipe, pair = trained_recipe(), batch(2)
    with torch.no_grad():
        rows = [*recipe.preview(pair).values()]
        output = recipe.translate(pair.source, to="photo")
    expected = (pair.source, output, pair.target)
    assert all(torch.equal(a, b) for a, b in zip(rows, expected, strict=True))
