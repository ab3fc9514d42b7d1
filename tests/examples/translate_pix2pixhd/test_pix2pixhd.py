"""The recipe has the losses of Wang et al. (2018) and of their code, computed in plain PyTorch."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from translate_pix2pixhd.recipe import Pix2PixHD, feature_matching_loss

from translate import hookimpl
from translate.batches import Domain, ImageSpec, Pair
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create_loss, create_recipe
from translate.testing import check_recipe

SPEC = ImageSpec((32, 32), (Domain("labels"), Domain("photo")))
RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 2}
PATCH = {"name": "patch", "width": 2, "layers": 1, "padding": 2}
SMALL = {"generator": RESNET, "discriminator": {"name": "scales", "of": PATCH}}


def small_recipe(**options):
    """Return a small recipe with random weights and biases everywhere."""
    with temporary_seed(0):
        recipe = create_recipe({"name": "pix2pixhd", **SMALL, **options}, spec=SPEC).double()
        for parameter in recipe.parameters():
            nn.init.normal_(parameter, 0.0, 0.3)
    return recipe


def random_batch(count=2, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return Pair(*(torch.rand(2, count, 3, 32, 32, generator=generator).double() * 2 - 1))


def outputs_by_scale(recipe, *images):
    """Return the scores of the discriminator of each scale, and the outputs of its leaky ReLUs."""
    scaled_images, result = torch.cat(images, 1), []
    for network in recipe.discriminator.networks:
        features, x = [], scaled_images
        for layer in network.model:
            x = layer(x)
            features += [x] if isinstance(layer, nn.LeakyReLU) else []
        result.append((x, features))
        scaled_images = F.avg_pool2d(scaled_images, 3, 2, padding=1, count_include_pad=False)
    return result


class HasNoFeatures(nn.Module):
    """A discriminator without a method `features`."""

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, 1)


OPTIONS = [
    {
        "generator": {"name": "enhancer", "width": 4, "blocks": 1, "coarse_blocks": 1},
        "discriminator": {"name": "scales", "of": {"name": "patch", "width": 4, "padding": 2}},
    },
    {
        "generator": {"name": "resnet", "width": 4, "blocks": 1, "downsamplings": 4},
        "discriminator": {"name": "patch", "width": 4, "padding": 2},
        "content_weight": 0.0,
    },
]


@pytest.mark.parametrize("options", [OPTIONS[0], pytest.param(OPTIONS[1], marks=pytest.mark.slow)])
def test_the_recipe_keeps_the_rules(options):
    check_recipe("pix2pixhd", **options)


def test_the_generator_turn_is_first_with_adversarial_feature_and_content_losses():
    recipe, (source, target) = small_recipe(), random_batch()
    turn = next(recipe.step(Pair(source, target)))
    fake = recipe.generator(source)
    fake_scales = outputs_by_scale(recipe, source, fake)
    real_scales = outputs_by_scale(recipe, source, target)
    distance = torch.tensor(0.0)
    for (_, fake_features), (_, real_features) in zip(fake_scales, real_scales, strict=True):
        for fake_layer, real_layer in zip(fake_features, real_features, strict=True):
            layers, scales = 2, 2
            layer_distance = (fake_layer - real_layer.detach()).abs().mean()
            distance = distance + 1 / scales * 4 / layers * layer_distance
    content = create_loss({"name": "perceptual", "criterion": "l1"})
    expected = {
        "gan": sum(((scores - 1) ** 2).mean() for scores, _ in fake_scales),
        "feature_matching": 10 * distance,
        "content": 10 * content(fake, target),
    }
    assert turn.player == "generator"
    assert list(turn.losses) == list(expected)
    for name, loss in expected.items():
        torch.testing.assert_close(turn.losses[name], loss, rtol=1e-9, atol=0, msg=name)
    weights = list(recipe.generator.parameters())
    gradients = torch.autograd.grad(turn.total, weights)
    expected_gradients = torch.autograd.grad(sum(expected.values()), weights)
    torch.testing.assert_close(gradients, expected_gradients, rtol=1e-7, atol=1e-10)


def test_the_discriminators_get_the_fake_from_before_the_generator_update():
    recipe, (source, target) = small_recipe(), random_batch()
    fake = recipe.generator(source).detach()
    step = recipe.step(Pair(source, target))
    next(step)
    with torch.no_grad():
        for parameter in recipe.generator.parameters():
            parameter.add_(0.05)  # an update of the generator
    turn = next(step)
    expected = torch.tensor(0.0)
    real_scales = outputs_by_scale(recipe, source, target)
    fake_scales = outputs_by_scale(recipe, source, fake)
    for (real_scores, _), (fake_scores, _) in zip(real_scales, fake_scales, strict=True):
        expected = expected + 0.5 * ((real_scores - 1) ** 2).mean()
        expected = expected + 0.5 * (fake_scores**2).mean()
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    torch.testing.assert_close(turn.total, expected, rtol=1e-12, atol=0)
    weights = list(recipe.discriminator.parameters())
    gradients = torch.autograd.grad(turn.total, weights, retain_graph=True)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, weights))
    generator_weights = list(recipe.generator.parameters())
    assert set(torch.autograd.grad(turn.total, generator_weights, allow_unused=True)) == {None}
    assert next(step, None) is None


def test_the_content_loss_is_omitted_if_its_weight_is_0():
    turn = next(small_recipe(content_weight=0.0).step(random_batch()))
    assert list(turn.losses) == ["gan", "feature_matching"]


def test_the_feature_matching_loss_is_four_times_the_mean_distance_of_the_layers():
    fake = [torch.tensor([1.0, 3.0]), torch.tensor([[2.0]])]
    real = [torch.tensor([0.0, 1.0]), torch.tensor([[6.0]])]
    assert feature_matching_loss(fake, real).item() == 4 * (1.5 + 4.0) / 2
    assert feature_matching_loss(real, real).item() == 0.0


def test_gradients_of_feature_matching_are_correct_and_real_features_are_detached():
    generator = torch.Generator().manual_seed(0)
    fake, real = torch.randn(2, 3, 4, dtype=torch.double, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: feature_matching_loss([x], [real]), fake)
    loss = feature_matching_loss([fake], [real])
    assert torch.autograd.grad(loss, real, allow_unused=True) == (None,)


def test_features_are_compared_in_full_precision():
    fake, real = torch.full((4,), 1.0), torch.full((4,), 1.0 + 2**-7)
    loss = feature_matching_loss([fake.bfloat16()], [real.bfloat16()])
    assert loss.dtype == torch.float32
    assert loss.item() == 4 * 2**-7


def test_defaults_are_those_of_the_authors_code():
    assert Pix2PixHD.defaults["data"] == {"layout": "paired", "size": 256}
    assert Pix2PixHD.defaults["train"] == {
        "epochs": 200,
        "batch_size": 1,
        "schedule": "linear",
        "decay_from": 0.5,
    }
    spec = ImageSpec((256, 256), (Domain("a", 36), Domain("b")))
    with torch.device("meta"):
        recipe = create_recipe("pix2pixhd", spec=spec)
    assert sum(p.numel() for p in recipe.generator.parameters()) == 182_546_755
    weights = 4 * 4 * (39 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    biases = 64 + 128 + 256 + 512 + 1
    assert sum(p.numel() for p in recipe.discriminator.parameters()) == 2 * (weights + biases)
    for player, optimizer in recipe.optimizers().items():
        assert type(optimizer) is torch.optim.Adam
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"], group["weight_decay"]) == (2e-4, (0.5, 0.999), 0)
        parameters = getattr(recipe, player).parameters()
        assert {id(p) for p in group["params"]} == {id(p) for p in parameters}


def test_a_discriminator_without_features_is_refused(register_plugin):
    hook = hookimpl(lambda: {"bare": HasNoFeatures})
    register_plugin(SimpleNamespace(register_discriminators=hook))
    with pytest.raises(ConfigError, match=r"discriminator: HasNoFeatures has no method features"):
        small_recipe(discriminator="bare")


@pytest.mark.parametrize("generator", [RESNET, {"name": "enhancer", "width": 2, "blocks": 1}])
def test_images_are_translated_by_the_generator(generator):
    recipe, pair = small_recipe(generator=generator), random_batch()
    output = recipe.generator(pair.source)
    assert torch.equal(recipe.translate(pair.source, to="photo"), output)
    rows = [*recipe.preview(pair).values()]
    assert len(rows) == 3
    for row, expected in zip(rows, (pair.source, output, pair.target), strict=True):
        assert torch.equal(row, expected)
