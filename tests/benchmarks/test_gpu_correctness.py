"""Gradients in both memory formats: equal for all networks, and the check finds wrong ones."""

from collections.abc import Callable
from types import ModuleType

import torch
from torch import nn


def test_networks_have_the_same_gradients_in_both_memory_formats(
    import_benchmark: Callable[[str], ModuleType],
) -> None:
    check = import_benchmark("gpu_correctness")
    for kind in ("generator", "discriminator"):
        for name in check.names(kind):
            part = check.make_part(kind, name, check.small_options(kind, name))
            network, images = part.make(*part.channels), part.inputs(2)
            assert check.gradient_difference(network, images) < 1e-9, name


def test_the_comparison_finds_the_wrong_gradients_of_pytorchs_instance_norm(
    import_benchmark: Callable[[str], ModuleType],
) -> None:
    check = import_benchmark("gpu_correctness")
    images = torch.randn(1, 6, 8, 8)
    assert check.gradient_difference(nn.InstanceNorm2d(6), images) > 0.1
    assert check.gradient_difference(check.InstanceNorm(6), images) < 1e-9
