"""Norms, biases before them, and dropout, in every network that has them."""

import inspect
from itertools import pairwise

import pytest
import torch
from network_checks import (
    FACTORIES,
    MLPS,
    NORM_NONE_OF_PIX2PIX,
    on_meta,
    random_inputs,
    shapes,
    small_network,
)
from torch import nn

from translate.nn.norms import InstanceNorm
from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.unet import UnetGenerator

FACTORIES_AND_NORMS = [
    (factory, norm)
    for factory in FACTORIES
    for norm in ("instance", "batch", "layer", "none")
    if "norm" in inspect.signature(factory.__init__).parameters
    and not (factory in MLPS and norm == "instance")  # a fully connected layer has no pixels
]


@pytest.mark.parametrize(("factory", "norm"), FACTORIES_AND_NORMS)
def test_every_parameter_has_a_gradient_except_biases_before_instance_norm(factory, norm):
    size = (256, 256) if factory is UnetGenerator else (32, 32)
    network = small_network(factory, size, width=8, norm=norm).double()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)  # so that signals do not vanish over 18 layers
    inputs = random_inputs(factory, 4, size, dtype=torch.double)
    network(inputs).mul(100).sin().sum().backward()
    biases_before_instance_norm = {
        f"{key}.{index}.bias"
        for key, sequence in network.named_modules()
        if isinstance(sequence, nn.Sequential)
        for index, (_, after) in enumerate(pairwise(sequence))
        if isinstance(after, InstanceNorm)  # instance norm subtracts the bias with the mean
    }
    for key, parameter in network.named_parameters():
        has_gradient = parameter.grad.abs().max().item() > 1e-6
        assert has_gradient is (key not in biases_before_instance_norm), key


@pytest.mark.parametrize(
    ("factory", "channels"),
    [
        (ResnetGenerator, (3, 3)),
        (UnetGenerator, (3, 3)),
        (PatchDiscriminator, (3,)),
        (PixelDiscriminator, (3,)),
    ],
)
def test_norm_none_without_biases_has_the_keys_of_convolutions_with_batch_norm(factory, channels):
    # in the authors' code use_bias is true for instance norm only, and nn.Identity takes the place
    # of a norm, so that every convolution keeps its number
    batch = on_meta(factory, *channels, norm="batch")
    norms = [name for name, part in batch.named_modules() if isinstance(part, nn.BatchNorm2d)]
    expected = {k: s for k, s in shapes(batch).items() if k.rpartition(".")[0] not in norms}
    assert norms and shapes(on_meta(factory, *channels, **NORM_NONE_OF_PIX2PIX)) == expected


@pytest.mark.parametrize("factory", [ResnetGenerator, UnetGenerator, PatchDiscriminator])
def test_the_option_bias_determines_biases_before_a_norm(factory):
    def have_bias(**options):
        network = small_network(factory, (32, 32), width=2, **options)
        convs = (nn.Conv2d, nn.ConvTranspose2d)
        return {part.bias is not None for part in network.modules() if isinstance(part, convs)}

    for options in ({"norm": "instance"}, {"norm": "none"}, {"norm": "batch", "bias": True}):
        assert have_bias(**options) == {True}
    for options in ({"norm": "instance", "bias": False}, {"norm": "batch"}):
        assert have_bias(**options) == {True, False}


def dropout_keys(network):
    return [key for key, module in network.named_modules() if isinstance(module, nn.Dropout)]


def test_dropout_is_where_the_authors_have_it():
    level_3 = "model.model.1.model.3.model.3.model"
    assert dropout_keys(on_meta(UnetGenerator, 3, 3)) == [
        f"{level_3}.3.model.3.model.3.model.7",
        f"{level_3}.3.model.3.model.7",
        f"{level_3}.3.model.7",
    ]
    assert len(dropout_keys(on_meta(UnetGenerator, 3, 3, levels=7))) == 2
    assert dropout_keys(on_meta(UnetGenerator, 3, 3, levels=5)) == []
    assert dropout_keys(on_meta(UnetGenerator, 3, 3, dropout=0.0)) == []
    assert dropout_keys(on_meta(ResnetGenerator, 3, 3)) == []
    blocks = [f"model.{index}.conv_block.4" for index in range(10, 19)]
    assert dropout_keys(on_meta(ResnetGenerator, 3, 3, dropout=0.5)) == blocks


@pytest.mark.parametrize(
    "network",
    [
        ResnetGenerator(3, 3, width=8, blocks=2, dropout=0.5),
        UnetGenerator(3, 3, width=8, levels=6, dropout=0.5),
    ],
)
def test_dropout_drops_half_in_training_and_nothing_in_evaluation(network):
    dropped = []
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.register_forward_hook(
                lambda _, before, after: dropped.append((after == 0)[before[0] != 0])
            )
    x = torch.randn(4, 3, 64, 64)
    assert not torch.equal(network(x), network(x))
    assert torch.cat(dropped).float().mean().item() == pytest.approx(0.5, abs=0.05)
    network.eval()
    assert torch.equal(network(x), network(x))
