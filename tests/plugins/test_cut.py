"""What CUT and FastCUT of Park et al. (2020) have in common, and CUT, against plain PyTorch."""

from types import SimpleNamespace

import pytest
import torch
from small_cut import PATCH, RESNET, SPEC, UNFLIPPED, build_recipe, patch_loss, random_pair
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn

from translate import hookimpl
from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, create_recipe, find


class TwoPasses(nn.Module):
    """The same network without output and features in one pass."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)

    def features(self, x: Tensor) -> list[Tensor]:
        return self.network.features(x)


class Bare(nn.Module):
    """A generator without features."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1)


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_the_discriminator_turn_is_first_and_uses_new_images(name: str) -> None:
    recipe, (source, target) = build_recipe(name), random_pair()
    with temporary_seed(UNFLIPPED):
        _, turn = advance_to_turn(recipe, Pair(source, target), 0)
    discriminator = recipe.discriminator
    fake = recipe.generator(source)
    expected = 0.5 * (((discriminator(target) - 1) ** 2).mean() + (discriminator(fake) ** 2).mean())
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    gradients = torch.autograd.grad(turn.total, [*recipe.generator.parameters()], allow_unused=True)
    assert set(gradients) == {None}


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_heads_are_updated_with_the_generator_and_not_with_the_discriminator(name: str) -> None:
    recipe = build_recipe(name)
    optimizers = recipe.optimizers()
    assert list(optimizers) == ["discriminator", "generator"]
    parameters = {player: o.param_groups[0]["params"] for player, o in optimizers.items()}
    own = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    assert {id(p) for p in parameters["generator"]} == {id(p) for p in own}
    assert {id(p) for p in parameters["discriminator"]} == {
        id(p) for p in recipe.discriminator.parameters()
    }
    for optimizer in optimizers.values():
        assert type(optimizer) is torch.optim.Adam
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"], group["weight_decay"]) == (2e-4, (0.5, 0.999), 0)
    before = {name: p.detach().clone() for name, p in recipe.named_parameters()}
    take_turns(recipe, random_pair(), optimizers)
    changed_modules = {
        n.split(".")[0] for n, p in recipe.named_parameters() if not torch.equal(p, before[n])
    }
    assert changed_modules == {"generator", "patch_nce", "discriminator"}


@pytest.mark.parametrize(("name", "epochs", "decay"), [("cut", 400, 0.5), ("fastcut", 200, 0.75)])
def test_defaults_are_those_of_the_authors_code(name: str, epochs: int, decay: float) -> None:
    recipe = find("recipe", name)
    assert recipe.defaults["data"] == {"layout": "unpaired", "size": 256}
    assert recipe.defaults["train"] == {
        "epochs": epochs,
        "batch_size": 1,
        "schedule": "linear",
        "decay_from": decay,
    }
    built = create_recipe(name, spec=image_spec((256, 256), ("a", "b")))
    count = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    assert (count["generator"], count["discriminator"]) == (11_378_179, 2_764_737)
    # heads: (3 + 128 + 3 * 256 + 5) * 256 and 5 * 257 * 256
    assert count["patch_nce"] == 904 * 256 + 5 * 257 * 256
    assert (built.patch_nce.patches, built.patch_nce.temperature) == (256, 0.07)
    assert not built.targets("b")
    weights = built.generator.model[12].conv_block[1].weight
    # xavier, gain .02: 2304 numbers in, 2304 out
    assert weights.std().item() == pytest.approx(0.02 / 2304**0.5, rel=0.01)


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_options_that_cannot_work_are_refused(name: str, register_plugin) -> None:
    register_plugin(SimpleNamespace(register_generators=hookimpl(lambda: {"bare": Bare})))
    with pytest.raises(ConfigError, match=r"generator: Bare has no method features.*choose resnet"):
        build_recipe(name, generator="bare")
    with pytest.raises(ConfigError, match=r"data\.channels: a has 1 and b has 3, .* one encoder"):
        create("recipe", name, spec=image_spec((32, 32), ("a", "b"), 1, 3))


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_images_are_translated_by_the_generator(name: str) -> None:
    recipe, pair = build_recipe(name), random_pair()
    output = recipe.generator(pair.source)
    assert torch.equal(recipe.translate(pair.source, to="winter"), output)
    rows = [*recipe.preview(pair).values()]
    assert [torch.equal(a, b) for a, b in zip(rows, (pair.source, output), strict=False)] == [1, 1]


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_blank_images_in_the_first_step_leave_every_gradient_finite(name: str) -> None:
    """With initial biases of 0, a head maps zeros to vectors of length 0."""
    part = {"name": name, "generator": RESNET, "discriminator": PATCH}
    recipe = create_recipe(part, spec=SPEC)
    blank = torch.zeros(1, 3, 16, 16)
    assert not any(map(torch.any, recipe.patch_nce.heads[0](blank.flatten(2).mT)))
    _, turn = advance_to_turn(recipe, Pair(blank, blank), 1)
    weights = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    gradients = torch.autograd.grad(turn.total, weights)
    assert turn.total.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_the_generator_loss_of_cut_is_adversarial_patch_nce_and_identity() -> None:
    recipe, (source, target) = build_recipe(), random_pair()
    step, _ = advance_to_turn(recipe, Pair(source, target), 0)
    with torch.no_grad():
        for parameter in recipe.discriminator.parameters():
            parameter.add_(0.05)  # the discriminator is updated
    turn = next(step)
    look, fake, same = (
        recipe.generator.features,
        recipe.generator(source),
        recipe.generator(target),
    )
    expected = {
        "gan": ((recipe.discriminator(fake) - 1) ** 2).mean(),
        "nce": 0.5 * patch_loss(recipe, look(fake), look(source)),
        "identity": 0.5 * patch_loss(recipe, look(same), look(target)),
    }
    assert turn.player == "generator"
    assert turn.losses.keys() == expected.keys()
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    weights = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    gradients = torch.autograd.grad(turn.total, weights)
    plain = torch.autograd.grad(torch.stack([*expected.values()]).sum(), weights)
    torch.testing.assert_close(gradients, plain, rtol=1e-9, atol=1e-13)
    assert next(step, None) is None


def test_one_pass_for_output_and_features_gives_the_gradients_of_two() -> None:
    recipe = build_recipe()
    weights = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    first = recipe.generator.model[1]
    passes: list[int] = []
    first.register_forward_hook(lambda _m, inputs, _o: passes.append(len(inputs[0])))
    result = []
    for generator in (recipe.generator, TwoPasses(recipe.generator)):
        recipe.generator = generator
        _, turn = advance_to_turn(recipe, random_pair(), 1)
        result.append((turn.total, *torch.autograd.grad(turn.total, weights)))
    assert passes == [4, 4, 4, 4, 4]  # output and features at once; or one by one
    torch.testing.assert_close(*result, rtol=1e-10, atol=1e-14)  # positions are in another order


def test_without_identity_loss_the_generator_gets_no_target() -> None:
    recipe = build_recipe(identity_weight=0.0, nce_weight=1.0)
    passes: list[int] = []
    recipe.generator.model[1].register_forward_hook(lambda _m, x, _o: passes.append(len(x[0])))
    _, turn = advance_to_turn(recipe, random_pair(), 1)
    assert set(turn.losses) == {"gan", "nce"}
    assert passes == [2, 2]
    half = advance_to_turn(build_recipe(), random_pair(), 1)[1].losses["nce"]
    torch.testing.assert_close(turn.losses["nce"], 2 * half)


def test_source_and_target_may_be_of_one_image_each() -> None:
    _, turn = advance_to_turn(build_recipe(), random_pair(1), 1)
    assert [loss.numel() for loss in turn.losses.values()] == [1, 1, 1]
