"""CycleGAN of Zhu et al. (2017) and of the authors' code, against plain PyTorch."""

import pytest
import small_runs
import torch
from small_gans import record_inputs
from specs import image_spec
from torch import Tensor
from turns import advance_to_turn, change_weights_, random_images, record_batch_sizes

from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.nn.noise import temporary_seed
from translate.registry import create_recipe, find

SPEC = image_spec((16, 16), ("summer", "winter"))


def build(**options: object) -> torch.nn.Module:
    with temporary_seed(0):
        part = {"name": "cyclegan", **small_runs.OPTIONS["cyclegan"], **options}
        return create_recipe(part, spec=SPEC).double()


def batch(count: int = 2, seed: int = 1) -> Pair:
    return Pair(*random_images(2, count, 3, 16, 16, seed=seed))


def loss_of_real(scores: Tensor) -> Tensor:
    return ((scores - 1) ** 2).mean()


def loss_of_fake(scores: Tensor) -> Tensor:
    return (scores**2).mean()


def l1_distance(output: Tensor, target: Tensor) -> Tensor:
    return (output - target).abs().mean()


def test_the_generator_losses_are_those_of_the_paper() -> None:
    recipe, (source, target) = build(), batch()
    _, turn = advance_to_turn(recipe, Pair(source, target), 0)
    source_to_target, target_to_source = recipe.source_to_target, recipe.target_to_source
    expected = {
        "gan_source_to_target": loss_of_real(recipe.target_discriminator(source_to_target(source))),
        "gan_target_to_source": loss_of_real(recipe.source_discriminator(target_to_source(target))),
        "cycle_source": 10 * l1_distance(target_to_source(source_to_target(source)), source),
        "cycle_target": 10 * l1_distance(source_to_target(target_to_source(target)), target),
        "identity_source": 5 * l1_distance(target_to_source(source), source),
        "identity_target": 5 * l1_distance(source_to_target(target), target),
    }
    assert turn.player == "generators"
    assert turn.losses.keys() == expected.keys()
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name], loss, rtol=1e-12), name
    assert torch.allclose(turn.total, torch.stack(list(expected.values())).sum())


def test_the_discriminators_get_images_of_the_generators_before_their_update() -> None:
    recipe, (source, target) = build(pool_size=0), batch()
    with torch.no_grad():
        fake_source, fake_target = recipe.target_to_source(target), recipe.source_to_target(source)
    step, _ = advance_to_turn(recipe, Pair(source, target), 0)
    change_weights_(recipe.source_to_target)
    turn = next(step)
    expected = {
        name: (loss_of_real(discriminator(real)) + loss_of_fake(discriminator(fake))) / 2
        for name, discriminator, real, fake in (
            ("source", recipe.source_discriminator, source, fake_source),
            ("target", recipe.target_discriminator, target, fake_target),
        )
    }
    assert turn.player == "discriminators"
    assert turn.losses.keys() == expected.keys()
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name], loss, rtol=1e-12), name
    assert next(step, None) is None


def test_the_discriminators_get_images_of_the_pools() -> None:
    recipe = build(pool_size=2)
    inputs = record_inputs(recipe.target_discriminator)
    optimizers = recipe.optimizers()
    with temporary_seed(3):
        for seed in range(12):
            take_turns(recipe, batch(1, seed), optimizers)
    # inputs of a step: a fake image in the generators' turn, then a real image and one of the pool
    fakes, reals, pooled = inputs[0::3], inputs[1::3], inputs[2::3]
    assert all(torch.equal(real, batch(1, s).target) for s, real in enumerate(reals))
    assert torch.equal(torch.cat(pooled[:2]), torch.cat(fakes[:2]))  # the pool is not full yet
    steps_of_origin = [
        next(s for s, fake in enumerate(fakes) if torch.equal(fake, image)) for image in pooled
    ]
    assert all(origin <= step for step, origin in enumerate(steps_of_origin))
    assert sum(origin < step for step, origin in enumerate(steps_of_origin)) >= 2


def test_without_identity_loss_no_generator_gets_images_of_its_target_domain() -> None:
    # with the loss, source and target are in one batch; the second batch are reconstructions
    for recipe, expected in ((build(identity_weight=0.0), [2, 2]), (build(), [4, 2])):
        batch_sizes = record_batch_sizes(recipe.source_to_target)
        _, turn = advance_to_turn(recipe, batch(), 0)
        assert batch_sizes == expected
        assert ("identity_source" in turn.losses) is (expected == [4, 2])


def test_defaults_are_those_of_the_authors_code() -> None:
    recipe = find("recipe", "cyclegan")
    assert recipe.defaults["data"] == {"layout": "unpaired", "size": 256}
    assert recipe.defaults["train"] == {
        "epochs": 200,
        "batch_size": 1,
        "schedule": "linear",
        "decay_from": 0.5,
    }
    built = create_recipe("cyclegan", spec=image_spec((256, 256), ("a", "b")))
    assert (built.targets("a"), built.targets("b")) == (("b",), ("a",))
    sizes = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    assert {name: size for name, size in sizes.items() if size} == {
        "source_to_target": 11_378_179,
        "target_to_source": 11_378_179,
        "source_discriminator": 2_764_737,
        "target_discriminator": 2_764_737,
    }
    assert (built.source_pool.size, built.target_pool.size) == (50, 50)
    weights = built.source_to_target.model[1].weight
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)


def test_either_domain_is_translated_to_the_other() -> None:
    recipe, (source, _) = build(), batch()
    assert torch.equal(recipe.translate(source, to="winter"), recipe.source_to_target(source))
    assert torch.equal(recipe.translate(source, to="summer"), recipe.target_to_source(source))


def test_a_preview_shows_translations_and_reconstructions_of_both_domains() -> None:
    recipe, pair = build(), batch()
    rows = [*recipe.preview(pair).values()]
    source_to_target, target_to_source = recipe.source_to_target, recipe.target_to_source
    expected = [
        pair.source,
        source_to_target(pair.source),
        target_to_source(source_to_target(pair.source)),
        pair.target,
        target_to_source(pair.target),
        source_to_target(target_to_source(pair.target)),
    ]
    assert all(torch.equal(a, b) for a, b in zip(rows, expected, strict=True))
