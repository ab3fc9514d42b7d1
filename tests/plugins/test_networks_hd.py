"""The networks of CUT and pix2pixHD: keys of published checkpoints, and plain functions."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.features import features_of, output_and_features
from translate_plugins.networks.antialiasing import BlurDown, BlurUp
from translate_plugins.networks.patch import PatchDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.scales import ScalesDiscriminator
from translate_plugins.networks.sizes import halve

NARROW = {"name": "patch", "width": 4, "layers": 1, "padding": 2}


@pytest.fixture(autouse=True)
def fresh():
    torch.manual_seed(0)


def on_meta(factory, *channels, **options):
    """Build a network of full size on the meta device."""
    with torch.device("meta"):
        return factory(*channels, **options)


def shapes(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def convs(weights):
    """Return keys and shapes of convolutions with biases; `transposed` are those that upsample."""
    result = {}
    for key, (shape, *doubles) in weights.items():
        result |= {f"{key}.weight": shape, f"{key}.bias": (shape[1 if doubles else 0],)}
    return result


def blocks(numbers, width, prefix="model"):
    return {
        f"{prefix}.{number}.conv_block.{layer}": [(width, width, 3, 3)]
        for number in numbers
        for layer in (1, 5)
    }


def numbers(*shape):
    return torch.randn(shape, dtype=torch.double)


def vary_weights(network):
    """Return `network` with random weights, in double precision."""
    for parameter in network.double().parameters():
        nn.init.normal_(parameter, 0.0, 0.3)
    return network


# -- published checkpoints -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "parameters", "entries", "constants"),
    [
        # 9 * (128 + 256) + 16 * (256 + 128) of the blurs
        (on_meta(ResnetGenerator, 3, 3, antialias=True), 11_378_179, 52, 9_600),
        # 9 * (64 + 128 + 256)
        (on_meta(PatchDiscriminator, 3, antialias=True), 2_764_737, 13, 4_032),
        (on_meta(ResnetGenerator, 36, 3, downsamplings=4), 182_546_755, 56, 0),
        # 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 128 + 256 + 512 + 1, twice
        (on_meta(ScalesDiscriminator, 6), 2 * 2_767_809, 20, 0),
    ],
)
def test_parameters_and_entries_are_as_many_as_published(network, parameters, entries, constants):
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert len(network.state_dict()) == entries
    assert sum(buffer.numel() for buffer in network.buffers()) == constants


def test_the_keys_of_cut_are_those_of_published_checkpoints():
    assert shapes(on_meta(ResnetGenerator, 3, 3, antialias=True)) == {
        **convs(
            {
                "model.1": [(64, 3, 7, 7)],
                "model.4": [(128, 64, 3, 3)],
                "model.8": [(256, 128, 3, 3)],
                **blocks(range(12, 21), 256),
                "model.22": [(128, 256, 3, 3)],
                "model.26": [(64, 128, 3, 3)],
                "model.30": [(3, 64, 7, 7)],
            }
        ),
        "model.7.filt": (128, 1, 3, 3),
        "model.11.filt": (256, 1, 3, 3),
        "model.21.filt": (256, 1, 4, 4),
        "model.25.filt": (128, 1, 4, 4),
    }
    assert shapes(on_meta(PatchDiscriminator, 3, antialias=True)) == {
        **convs(
            {
                "model.0": [(64, 3, 4, 4)],
                "model.3": [(128, 64, 4, 4)],
                "model.7": [(256, 128, 4, 4)],
                "model.11": [(512, 256, 4, 4)],
                "model.14": [(1, 512, 4, 4)],
            }
        ),
        "model.2.filt": (64, 1, 3, 3),
        "model.6.filt": (128, 1, 3, 3),
        "model.10.filt": (256, 1, 3, 3),
    }


GLOBAL = {
    "model.1": [(64, 36, 7, 7)],
    "model.4": [(128, 64, 3, 3)],
    "model.7": [(256, 128, 3, 3)],
    "model.10": [(512, 256, 3, 3)],
    "model.13": [(1024, 512, 3, 3)],
    **blocks(range(16, 25), 1024),
    "model.25": [(1024, 512, 3, 3), "doubles"],
    "model.28": [(512, 256, 3, 3), "doubles"],
    "model.31": [(256, 128, 3, 3), "doubles"],
    "model.34": [(128, 64, 3, 3), "doubles"],
}


def test_the_keys_of_pix2pixhd_are_those_of_published_checkpoints():
    drawing = {"model.38": [(3, 64, 7, 7)]}
    assert shapes(on_meta(ResnetGenerator, 36, 3, downsamplings=4)) == convs({**GLOBAL, **drawing})


# -- blur ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sides", [(6, 4), (5, 7)])
def test_downsampling_blurs_with_weights_1_2_1(sides):
    x = numbers(2, 3, *sides)

    def rows(x):
        mirrored = torch.cat([x[:, :, 1:2], x, x[:, :, -2:-1]], dim=2)
        blurred = mirrored[:, :, :-2] / 4 + mirrored[:, :, 1:-1] / 2 + mirrored[:, :, 2:] / 4
        return blurred[:, :, ::2]

    expected = rows(rows(x).mT).mT
    torch.testing.assert_close(BlurDown(3).double()(x), expected)


def test_downsampling_and_upsampling_one_bright_pixel_by_hand():
    dot = torch.zeros(1, 1, 4, 4)
    dot[..., 1, 2] = 16
    # row 2 has a quarter of row 1, row 0 a quarter and that of its mirror image; column 2 a half
    assert BlurDown(1)(dot).tolist() == [[[[0, 4], [0, 2]]]]
    kernel = torch.tensor([0.0, 1, 3, 3, 1, 0, 0, 0]).outer(
        torch.tensor([0.0, 0, 0, 1, 3, 3, 1, 0])
    )
    assert torch.equal(BlurUp(1)(dot)[0, 0], kernel)


def test_upsampling_is_linear_interpolation():
    x = numbers(2, 3, 5, 4)
    expected = F.interpolate(x, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(BlurUp(3).double()(x), expected)


# -- wiring, against plain functions ---------------------------------------------------------------


def standardised(x):
    variance = x.var((2, 3), correction=0, keepdim=True)
    return (x - x.mean((2, 3), keepdim=True)) / (variance + 1e-5).sqrt()


class Plain:
    """Layers by their keys in a state dict."""

    def __init__(self, network):
        self.state = network.state_dict()

    def conv(self, key, x, around=0, **options):
        x = F.pad(x, (around,) * 4, mode="reflect")
        return F.conv2d(x, self.state[f"{key}.weight"], self.state[f"{key}.bias"], **options)

    def block(self, key, x):
        inner = standardised(self.conv(f"{key}.conv_block.1", x, around=1)).relu()
        return x + standardised(self.conv(f"{key}.conv_block.5", inner, around=1))


def blurred_half(x):
    kernel = torch.tensor([1.0, 2.0, 1.0]).outer(torch.tensor([1.0, 2.0, 1.0])).to(x) / 16
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded.flatten(0, 1)[:, None], kernel[None, None], stride=2).unflatten(
        0, x.shape[:2]
    )[:, :, 0]


def test_an_antialiased_resnet_blurs_at_each_change_of_size():
    network = vary_weights(ResnetGenerator(3, 2, width=4, blocks=2, antialias=True))
    plain, images = Plain(network), numbers(2, 3, 16, 24)
    x = standardised(plain.conv("model.1", images, around=3)).relu()
    for key in ("model.4", "model.8"):
        x = blurred_half(standardised(plain.conv(key, x, padding=1)).relu())
    for key in ("model.12", "model.13"):
        x = plain.block(key, x)
    for key in ("model.15", "model.19"):
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
        x = standardised(plain.conv(key, x, padding=1)).relu()
    torch.testing.assert_close(network(images), plain.conv("model.23", x, around=3).tanh())


def test_an_antialiased_patch_discriminator_blurs_at_each_downsampling():
    network = vary_weights(PatchDiscriminator(3, width=4, layers=2, antialias=True))
    plain, images = Plain(network), numbers(2, 3, 32, 24)
    x = blurred_half(F.leaky_relu(plain.conv("model.0", images, padding=1), 0.2))
    x = blurred_half(F.leaky_relu(standardised(plain.conv("model.3", x, padding=1)), 0.2))
    x = F.leaky_relu(standardised(plain.conv("model.7", x, padding=1)), 0.2)
    torch.testing.assert_close(network(images), plain.conv("model.10", x, padding=1))


# -- several scales --------------------------------------------------------------------------------


def test_downscaling_averages_three_pixels_and_two_at_the_edge():
    row = torch.tensor([[[[1.0, 2.0, 6.0, 7.0]]]])
    assert halve(row).tolist() == [[[[1.5, 5.0]]]]
    column = torch.tensor([1.0, 2.0, 6.0]).view(1, 1, 3, 1)
    assert halve(column).flatten().tolist() == [1.5, 4.0]


def test_each_discriminator_gets_half_the_size_of_the_previous_one():
    network = ScalesDiscriminator(3, of=NARROW, count=3)
    x = torch.randn(2, 3, 33, 24)
    scores = network(x)
    assert [len(scores), *(one.ndim for one in scores)] == [3, 4, 4, 4]
    for score, discriminator in zip(scores, network.networks, strict=True):
        assert torch.equal(score, discriminator(x))
        x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def test_one_pass_gives_the_scores_and_features_of_two():
    network = ScalesDiscriminator(3, of=NARROW)
    x = torch.randn(2, 3, 32, 32)
    scores, features = output_and_features(network, x)
    for actual, expected in ((scores, network(x)), (features, network.features(x))):
        assert len(actual) == len(expected)
        assert all(torch.equal(one, other) for one, other in zip(actual, expected, strict=True))
    first, second = network.networks
    expected = [*features_of(first)(x), *features_of(second)(halve(x))]
    assert [one.shape for one in features] == [one.shape for one in expected]
    assert all(torch.equal(one, other) for one, other in zip(features, expected, strict=True))


def test_a_discriminator_with_separate_features_is_called_twice():
    passes: list[Tensor] = []
    network = ScalesDiscriminator(3, of={"name": "pixel", "width": 4})
    network.networks[0].net[0].register_forward_hook(
        lambda _m, inputs, _o: passes.append(inputs[0])
    )
    _, features = output_and_features(network, torch.randn(2, 3, 8, 8))
    assert len(passes) == 2
    assert len(features) == 4


def test_the_smallest_scale_determines_the_minimum_size():
    network = ScalesDiscriminator(3, of={"name": "patch", "width": 4}, count=3)
    # 24 pixels for the last, so 4 * 23 + 1 for the first: 93, 47, 24
    assert (network.geometry.multiple_of, network.geometry.minimum) == (1, 93)
    assert [one.shape[-1] > 0 for one in network(torch.randn(1, 3, 93, 93))] == [True] * 3
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.randn(1, 3, 92, 92))


def test_networks_of_one_size_are_built_for_the_size_of_their_scale():
    network = ScalesDiscriminator(3, of={"name": "mlp", "width": 4}, count=3, size=(17, 12))
    assert [tuple(one.shape[:2]) for one in network(torch.randn(2, 3, 17, 12))] == [(2, 1)] * 3


def test_zero_scales_are_refused():
    with pytest.raises(ConfigError, match="count: expected 1 scale or more, got 0"):
        ScalesDiscriminator(3, count=0)
