"""CycleGAN of Zhu et al. (2017) and their code, against plain PyTorch."""

import pytest
import small_runs
import torch
from specs import image_spec
from torch import Tensor
from turns import advance_to_turn

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
    generator = torch.Generator().manual_seed(seed)
    return Pair(*(torch.rand(2, count, 3, 16, 16, generator=generator).double() * 2 - 1))


def near_one(scores: Tensor) -> Tensor:
    return ((scores - 1) ** 2).mean()


def near_zero(scores: Tensor) -> Tensor:
    return (scores**2).mean()


def l1_distance(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs().mean()


def test_the_generator_losses_are_those_of_the_paper() -> None:
    recipe, (source, target) = build(), batch()
    _, turn = advance_to_turn(recipe, Pair(source, target), 0)
    source_to_target, target_to_source = recipe.source_to_target, recipe.target_to_source
    expected = {
        "gan_source_to_target": near_one(recipe.target_discriminator(source_to_target(source))),
        "gan_target_to_source": near_one(recipe.source_discriminator(target_to_source(target))),
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


def test_the_discriminators_get_images_from_before_the_generator_update() -> None:
    recipe, (source, target) = build(pool_size=0), batch()
    with torch.no_grad():
        fake_source, fake_target = recipe.target_to_source(target), recipe.source_to_target(source)
    step, _ = advance_to_turn(recipe, Pair(source, target), 0)
    with torch.no_grad():
        for parameter in recipe.source_to_target.parameters():
            parameter.add_(0.1)  # the generators are updated
    turn = next(step)
    judges = recipe.source_discriminator, recipe.target_discriminator
    expected = {
        "source": (near_one(judges[0](source)) + near_zero(judges[0](fake_source))) / 2,
        "target": (near_one(judges[1](target)) + near_zero(judges[1](fake_target))) / 2,
    }
    assert turn.player == "discriminators"
    assert turn.losses.keys() == expected.keys()
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name], loss, rtol=1e-12), name
    assert next(step, None) is None


def test_the_discriminators_get_images_of_the_pools() -> None:
    recipe = build(pool_size=2)
    outputs: list[Tensor] = []
    recipe.target_discriminator.register_forward_hook(
        lambda _m, inputs, _o: outputs.append(inputs[0])
    )
    optimizers = recipe.optimizers()
    with temporary_seed(3):
        for seed in range(12):
            take_turns(recipe, batch(1, seed), optimizers)
    # each step: the generators' fake, then the real one and one of the pool
    fakes, reals, pooled = outputs[0::3], outputs[1::3], outputs[2::3]
    assert all(torch.equal(real, batch(1, s).target) for s, real in enumerate(reals))
    assert [torch.equal(a, b) for a, b in zip(pooled[:2], fakes[:2], strict=True)] == [True, True]
    older = 0
    for step, image in enumerate(pooled):
        origin = next(s for s in range(step + 1) if torch.equal(fakes[s].detach(), image))
        older += origin < step
    assert older >= 2


def test_without_identity_loss_no_generator_gets_its_own_domain() -> None:
    recipe = build(identity_weight=0.0)
    passes: list[int] = []
    recipe.source_to_target.register_forward_hook(
        lambda _m, inputs, _o: passes.append(len(inputs[0]))
    )
    _, turn = advance_to_turn(recipe, batch(), 0)
    assert set(turn.losses) == {
        "gan_source_to_target",
        "gan_target_to_source",
        "cycle_source",
        "cycle_target",
    }
    assert passes == [2, 2]
    passes.clear()
    recipe = build()
    recipe.source_to_target.register_forward_hook(
        lambda _m, inputs, _o: passes.append(len(inputs[0]))
    )
    advance_to_turn(recipe, batch(), 0)
    assert passes == [4, 2]  # source and target in one pass, then the reconstructions


def test_one_optimizer_updates_both_networks_of_a_kind_with_the_papers_settings() -> None:
    recipe = build()
    optimizers = recipe.optimizers()
    assert list(optimizers) == ["generators", "discriminators"]
    networks = [
        (recipe.source_to_target, recipe.target_to_source),
        (recipe.source_discriminator, recipe.target_discriminator),
    ]
    for optimizer, pair in zip(optimizers.values(), networks, strict=True):
        assert type(optimizer) is torch.optim.Adam
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"], group["weight_decay"]) == (2e-4, (0.5, 0.999), 0)
        assert {id(p) for p in group["params"]} == {id(p) for n in pair for p in n.parameters()}


def test_both_players_are_updated_once_a_step() -> None:
    recipe = build()
    before = {name: p.detach().clone() for name, p in recipe.named_parameters()}
    take_turns(recipe, batch(), recipe.optimizers())
    for name, parameter in recipe.named_parameters():
        # Adam's first step is its rate, whatever the gradient
        assert (parameter - before[name]).abs().max() <= 2e-4 * (1 + 1e-6), name
    changed_modules = {
        n.split(".")[0] for n, p in recipe.named_parameters() if not torch.equal(p, before[n])
    }
    assert changed_modules == {
        "source_to_target",
        "target_to_source",
        "source_discriminator",
        "target_discriminator",
    }


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
    count = {
        n: sum(p.numel() for p in getattr(built, n).parameters())
        for n in (
            "source_to_target",
            "target_to_source",
            "source_discriminator",
            "target_discriminator",
        )
    }
    assert count == {
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
    assert len(rows) == 6
    assert all(torch.equal(a, b) for a, b in zip(rows, expected, strict=True))
