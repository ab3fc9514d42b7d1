"""Gradients in both memory formats are right for all networks, and the check finds wrong ones."""

from collections.abc import Callable
from types import ModuleType

import torch
from torch import nn


def test_gradients_of_networks_are_equal_in_both_memory_formats_and_finite_differences(
    import_benchmark: Callable[[str], ModuleType],
) -> None:
    check = import_benchmark("gpu_correctness")
    for kind in ("generator", "discriminator"):
        for name in check.names(kind):
            part = check.make_part(kind, name, check.small_options(kind, name))
            network, images = part.make(*part.channels), part.inputs(2)
            errors = check.gradient_errors(network, images)
            assert errors.difference < 1e-9 and max(errors) < 1e-5, name


def test_the_comparison_finds_the_wrong_gradients_of_pytorchs_instance_norm(
    import_benchmark: Callable[[str], ModuleType],
) -> None:
    check = import_benchmark("gpu_correctness")
    images = torch.randn(1, 6, 8, 8)
    wrong = check.gradient_errors(nn.InstanceNorm2d(6), images)
    assert wrong.contiguous < 1e-5 and min(wrong.difference, wrong.channels_last) > 0.1
    assert max(check.gradient_errors(check.InstanceNorm(6), images)) < 1e-5
