"""Tests that need a GPU: ``pytest -m gpu`` on a machine with CUDA."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("extra", [{}, {"train__precision": "bf16"}, {"train__compile": True}])
def test_a_gpu_trains_in_every_precision_and_memory_format(
    recipe: str, extra: dict[str, Any], tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    for domain in ("a", "b"):
        image_folder(f"{domain}/train", 4)
    config = small_runs.config(tmp_path, recipe, train__device="cuda", train__steps=4, **extra)
    small_runs.train(config, tmp_path / "run")
    weights = load_file(tmp_path / "run/checkpoints/step-00000004/weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())


def test_channels_last_gives_the_gradients_of_contiguous_images_on_a_gpu() -> None:
    from translate.nn.norms import InstanceNorm

    x = torch.randn(1, 4, 8, 8, dtype=torch.float64, device="cuda")
    towards = torch.randn_like(x)
    gradients = []
    for layout in (torch.contiguous_format, torch.channels_last):
        leaf = x.clone(memory_format=layout).requires_grad_()
        (InstanceNorm(4)(leaf) * towards.clone(memory_format=layout)).sum().backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad.contiguous())
    torch.testing.assert_close(*gradients)
