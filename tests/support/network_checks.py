"""Helpers of tests of networks: small networks, random inputs, keys, and layers in plain code."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate_plugins import networks
from translate_plugins.networks.dcgan import DcganGenerator
from translate_plugins.networks.mlp import MlpDiscriminator, MlpEncoder, MlpGenerator
from translate_plugins.networks.scales import ScalesDiscriminator

GENERATORS = networks.register_generators()
DISCRIMINATORS = networks.register_discriminators()
FACTORIES = [
    factory
    for factory in (*GENERATORS.values(), *DISCRIMINATORS.values())
    if factory is not ScalesDiscriminator
]
"""every network except `ScalesDiscriminator`, which is composed of other networks"""
FROM_NOISE = (DcganGenerator, MlpGenerator)
"""generators that take latent vectors"""
MLPS = (MlpGenerator, MlpEncoder, MlpDiscriminator)
NORM_NONE_OF_PIX2PIX = {"norm": "none", "bias": False}
"""what `norm: none` means in the authors' code of pix2pix and CycleGAN"""
Shape = tuple[int, ...]


def on_meta(factory: Callable[..., nn.Module], *channels: int, **options: Any) -> nn.Module:
    """Build a network of full size on the meta device."""
    with torch.device("meta"):
        return factory(*channels, **options)


def small_network(factory: Callable[..., Any], size: tuple[int, int], **options: Any) -> Any:
    """Build a network for 3 channels, with the option `size` if `factory` has it."""
    channels = (3, 3) if factory in GENERATORS.values() else (3,)
    if "size" in inspect.signature(factory.__init__).parameters:  # type: ignore[misc]
        options["size"] = size
    return factory(*channels, **options)


def random_inputs(factory: object, number: int, size: tuple[int, int], **options: Any) -> Tensor:
    """Return `number` random inputs of 3 channels: images of `size` or latent vectors."""
    return torch.randn(number, 3, *((1, 1) if factory in FROM_NOISE else size), **options)


def shapes(network: nn.Module) -> dict[str, Shape]:
    """Return the shape of every entry of the state dict."""
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def conv(key: str, shape: Shape, bias: bool = True, transposed: bool = False) -> dict[str, Shape]:
    """Return the shapes of the entries of a convolution in a state dict.

    The output channels are the first side of `shape`, or the second side if it is `transposed`.
    """
    return {f"{key}.weight": shape} | ({f"{key}.bias": (shape[transposed],)} if bias else {})


def residual_block(key: str, channels: int, second: int = 5) -> dict[str, Shape]:
    """Return the shapes of a residual block; its other convolution is layer `second`."""
    shape = (channels, channels, 3, 3)
    return conv(f"{key}.conv_block.1", shape) | conv(f"{key}.conv_block.{second}", shape)


def batch_norm(key: str, channels: int) -> dict[str, Shape]:
    """Return the shapes of the entries of a batch norm."""
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{key}.{part}": (channels,) for part in parts} | {f"{key}.num_batches_tracked": ()}


def draw_weights_(network: nn.Module) -> Any:
    """Fill weights, biases and statistics with random values, but not the constant filters."""
    for key, value in network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point() and not key.endswith("filt"):
            value.normal_(0, 0.3)
    return network


def plain_conv(
    state: dict[str, Tensor], key: str, x: Tensor, reflect: int = 0, **options: Any
) -> Tensor:
    """Convolve `x` with the layer `key`, after reflection padding by `reflect` pixels."""
    x = F.pad(x, (reflect,) * 4, mode="reflect")
    return F.conv2d(x, state[f"{key}.weight"], state.get(f"{key}.bias"), **options)


def plain_residual_block(state: dict[str, Tensor], key: str, x: Tensor) -> Tensor:
    """Add to `x` two convolutions with instance norms."""
    inner = plain_instance_norm(plain_conv(state, f"{key}.conv_block.1", x, reflect=1)).relu()
    return x + plain_instance_norm(plain_conv(state, f"{key}.conv_block.5", inner, reflect=1))


def plain_instance_norm(x: Tensor) -> Tensor:
    """Normalise ``(N, C, H, W)`` as instance norm without weights does."""
    variance = x.var((2, 3), correction=0, keepdim=True)
    return (x - x.mean((2, 3), keepdim=True)) / (variance + 1e-5).sqrt()


def plain_batch_norm(state: dict[str, Tensor], key: str, x: Tensor, training: bool) -> Tensor:
    """Normalise ``(N, C, ...)`` as the batch norm `key` does."""
    mean, variance = state[f"{key}.running_mean"], state[f"{key}.running_var"]
    if training:
        mean, variance = x.mean((0, *range(2, x.ndim))), x.var((0, *range(2, x.ndim)), correction=0)
    shape = (-1,) + (1,) * (x.ndim - 2)
    scale = state[f"{key}.weight"] / (variance + 1e-5).sqrt()
    return (x - mean.view(shape)) * scale.view(shape) + state[f"{key}.bias"].view(shape)


def assert_same_function(
    network: nn.Module, plain: Callable[[dict[str, Tensor], Tensor], Tensor], images: Tensor
) -> None:
    """Compare outputs, and the gradients of all parameters and of the input.

    Args:
        network: The network under test, in double precision.
        plain: The same function in plain code: of the network's state dict and of `images`.
        images: The input of both functions.
    """
    images.requires_grad_()
    parameters = dict(network.named_parameters())
    statistics = {key: value.clone() for key, value in network.named_buffers()}
    expected = plain({**statistics, **parameters}, images)
    output = network(images)
    torch.testing.assert_close(output, expected, rtol=1e-9, atol=1e-9)
    weight = torch.randn_like(output)
    inputs = [images, *parameters.values()]
    actual_gradients = torch.autograd.grad((output * weight).sum(), inputs)
    expected_gradients = torch.autograd.grad((expected * weight).sum(), inputs)
    torch.testing.assert_close(actual_gradients, expected_gradients, rtol=1e-6, atol=1e-9)
