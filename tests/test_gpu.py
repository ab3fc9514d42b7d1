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
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"train__precision": "bf16"},
        {"train__compile": True},
        {"train__channels_last": True},
        {"train__cuda_graphs": True},
        {"train__cuda_graphs": True, "train__precision": "bf16", "train__channels_last": True},
    ],
)
def test_a_gpu_trains_in_every_precision_and_memory_format(
    recipe: str, extra: dict[str, Any], tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    for domain in ("a", "b"):
        image_folder(f"{domain}/train", 4)
    config = small_runs.config(tmp_path, recipe, train__device="cuda", train__steps=8, **extra)
    small_runs.train(config, tmp_path / "run")
    weights = load_file(tmp_path / "run/checkpoints/step-00000008/weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())


def test_channels_last_gives_the_gradients_of_contiguous_images_on_a_gpu() -> None:
    from translate.nn.norms import InstanceNorm

    x = torch.randn(1, 4, 8, 8, dtype=torch.float64, device="cuda")
    weights = torch.randn_like(x)
    gradients = []
    for layout in (torch.contiguous_format, torch.channels_last):
        leaf = x.clone(memory_format=layout).requires_grad_()
        (InstanceNorm(4)(leaf) * weights.clone(memory_format=layout)).sum().backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad.contiguous())
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", ["cyclegan", "pix2pix", "wgan-gp", "dcgan"])
def test_captured_networks_train_like_eager_networks_on_a_gpu(name: str) -> None:
    from translate.contract.kinds import small_options
    from translate.contract.recipes.subject import make_subject
    from translate.engine.optimization.build import build_training
    from translate.engine.optimization.graphs.networks import GraphedNetworks
    from translate.engine.optimization.step import take_step

    subject = make_subject(name, small_options("recipe", name), None, None)
    device = torch.device("cuda")

    def run(*, graphed: bool) -> tuple[torch.Tensor, int]:
        training = build_training(subject.config, subject.spec, device)
        graphs = GraphedNetworks(training.recipe if graphed else None)
        torch.manual_seed(2)
        for number in range(21):
            batch = subject.batch(number)
            with graphs.step():
                take_step(training, batch._make(field.to(device) for field in batch), 100)
        weights = torch.cat([p.detach().flatten() for p in training.recipe.parameters()])
        return weights, sum(len(network.graphs) for network in graphs.networks)

    (eager, _), (replayed, captured) = run(graphed=False), run(graphed=True)
    assert captured
    torch.testing.assert_close(replayed, eager, rtol=1e-3, atol=1e-4)


def test_batches_are_uploaded_while_the_gpu_computes() -> None:
    from translate.batches import Domain, Images, ImageSpec
    from translate.engine.loading.device import Uploader

    spec, device = ImageSpec(domains=(Domain("a"),)), torch.device("cuda")
    upload, on_cpu = Uploader(device, spec), Uploader(torch.device("cpu"), spec)
    busy = torch.randn(4096, 4096, device=device)
    for seed in range(20):
        random = torch.Generator().manual_seed(seed)
        images = torch.randint(256, (8, 3, 256, 256), generator=random, dtype=torch.uint8)
        busy = (busy @ busy).clamp(-1, 1)
        uploaded = upload(Images(images.pin_memory()))
        torch.testing.assert_close(uploaded.images.cpu(), on_cpu(Images(images)).images)
