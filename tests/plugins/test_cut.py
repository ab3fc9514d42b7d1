"""CUT of Park et al. (2020), and what FastCUT has in common with CUT, against plain PyTorch."""

import pytest
import torch
from small_cut import (
    PATCH,
    RESNET,
    SPEC,
    UNFLIPPED,
    assert_same_losses,
    build_recipe,
    patch_loss,
    random_pair,
)
from small_discriminators import WithoutFeatures
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, change_weights_, record_batch_sizes
from valid_recipe import register_parts

from translate.batches import Pair
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, create_recipe, find


class SeparatePasses(nn.Module):
    """A network that computes output and features in separate passes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)

    def features(self, x: Tensor) -> list[Tensor]:
        return self.network.features(x)


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
    parameters = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    assert (parameters["generator"], parameters["discriminator"]) == (11_378_179, 2_764_737)
    # heads: (3 + 128 + 3 * 256 + 5) * 256 and 5 * 257 * 256
    assert parameters["patch_nce"] == 904 * 256 + 5 * 257 * 256
    assert (built.patch_nce.patches, built.patch_nce.temperature) == (256, 0.07)
    assert not built.targets("b")
    weights = built.generator.model[12].conv_block[1].weight
    # xavier, gain .02: 2304 numbers in, 2304 out
    assert weights.std().item() == pytest.approx(0.02 / 2304**0.5, rel=0.01)


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_options_that_cannot_work_are_refused(name: str, register_plugin) -> None:
    register_parts(register_plugin, generators={"without-features": WithoutFeatures})
    with pytest.raises(ConfigError, match=r"generator: .* has no method features.*choose resnet"):
        build_recipe(name, generator="without-features")
    with pytest.raises(ConfigError, match=r"data\.channels: a has 1 and b has 3, .* one encoder"):
        create("recipe", name, spec=image_spec((32, 32), ("a", "b"), 1, 3))


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_images_are_translated_by_the_generator(name: str) -> None:
    recipe, pair = build_recipe(name), random_pair()
    output = recipe.generator(pair.source)
    assert torch.equal(recipe.translate(pair.source, to="winter"), output)
    source, translation, *_ = recipe.preview(pair).values()
    assert torch.equal(source, pair.source) and torch.equal(translation, output)


@pytest.mark.parametrize("name", ["cut", "fastcut"])
def test_blank_images_in_the_first_step_have_finite_gradients(name: str) -> None:
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
    change_weights_(recipe.discriminator)
    turn = next(step)
    features, fake, same = (
        recipe.generator.features,
        recipe.generator(source),
        recipe.generator(target),
    )
    expected = {
        "gan": ((recipe.discriminator(fake) - 1) ** 2).mean(),
        "nce": 0.5 * patch_loss(recipe, features(fake), features(source)),
        "identity": 0.5 * patch_loss(recipe, features(same), features(target)),
    }
    assert_same_losses(recipe, turn, expected)
    assert next(step, None) is None


def test_output_and_features_of_one_pass_have_the_gradients_of_separate_passes() -> None:
    recipe = build_recipe()
    weights = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    batch_sizes = record_batch_sizes(recipe.generator.model[1])
    result = []
    for generator in (recipe.generator, SeparatePasses(recipe.generator)):
        recipe.generator = generator
        _, turn = advance_to_turn(recipe, random_pair(), 1)
        result.append((turn.total, *torch.autograd.grad(turn.total, weights)))
    assert batch_sizes == [4, 4, 4, 4, 4]  # two joint passes, then three separate passes
    torch.testing.assert_close(*result, rtol=1e-10, atol=1e-14)  # patches are in another order


def test_without_identity_loss_the_generator_does_not_get_the_target() -> None:
    recipe = build_recipe(identity_weight=0.0, nce_weight=1.0)
    batch_sizes = record_batch_sizes(recipe.generator.model[1])
    _, turn = advance_to_turn(recipe, random_pair(), 1)
    assert set(turn.losses) == {"gan", "nce"}
    assert batch_sizes == [2, 2]  # the source only
    with_half_the_weight = advance_to_turn(build_recipe(), random_pair(), 1)[1].losses["nce"]
    torch.testing.assert_close(turn.losses["nce"], 2 * with_half_the_weight)
