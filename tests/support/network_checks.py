"""Tests of networks: small ones, their inputs, their keys, and the same function in plain code."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
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
"""every network but the one that is composed of others"""
FROM_NOISE = (DcganGenerator, MlpGenerator)
"""generators that take latent vectors"""
MLPS = (MlpGenerator, MlpEncoder, MlpDiscriminator)
AUTHORS_NONE = {"norm": "none", "bias": False}
"""`norm: none` of the code of pix2pix and CycleGAN"""
Shape = tuple[int, ...]


def on_meta(factory: Callable[..., nn.Module], *channels: int, **options: Any) -> nn.Module:
    """Build a network of full size on the meta device."""
    with torch.device("meta"):
        return factory(*channels, **options)


def small(factory: Callable[..., Any], size: tuple[int, int], **options: Any) -> Any:
    """Build a network of 3 channels, with `size` if it is a parameter."""
    channels = (3, 3) if factory in GENERATORS.values() else (3,)
    if "size" in inspect.signature(factory.__init__).parameters:  # type: ignore[misc]
        options["size"] = size
    return factory(*channels, **options)


def inputs_of(factory: object, number: int, size: tuple[int, int], **options: Any) -> Tensor:
    """Return `number` random images of `size`, or latent vectors, of 3 channels."""
    return torch.randn(number, 3, *((1, 1) if factory in FROM_NOISE else size), **options)


def shapes(network: nn.Module) -> dict[str, Shape]:
    """Return the shape of every entry of the state dict."""
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def conv(key: str, shape: Shape, bias: bool = True, transposed: bool = False) -> dict[str, Shape]:
    """Return the entries of a convolution; one that is `transposed` has its outputs second."""
    return {f"{key}.weight": shape} | ({f"{key}.bias": (shape[transposed],)} if bias else {})


def residual_block(key: str, channels: int, second: int = 5) -> dict[str, Shape]:
    """Return the entries of a residual block, whose `second` layer is its other convolution."""
    shape = (channels, channels, 3, 3)
    return conv(f"{key}.conv_block.1", shape) | conv(f"{key}.conv_block.{second}", shape)


def batch_norm(key: str, channels: int) -> dict[str, Shape]:
    """Return the entries of a batch norm."""
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{key}.{part}": (channels,) for part in parts} | {f"{key}.num_batches_tracked": ()}


def draw_weights_(network: nn.Module) -> Any:
    """Fill weights and statistics with random values, norms and biases included."""
    for key, value in network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point():
            value.normal_(0, 0.3)
    return network


def standardised(x: Tensor) -> Tensor:
    """Return what instance norm without weights makes of ``(N, C, H, W)``."""
    variance = x.var((2, 3), correction=0, keepdim=True)
    return (x - x.mean((2, 3), keepdim=True)) / (variance + 1e-5).sqrt()


def batch_normed(state: dict[str, Tensor], key: str, x: Tensor, training: bool) -> Tensor:
    """Return what the batch norm `key` makes of ``(N, C, ...)``."""
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
        network: What is tested, in double precision.
        plain: The same function of its state dict and of `images`.
        images: The input of both.
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
