"""Correctness on a GPU: exact resume, and gradients against finite differences.

python benchmarks/gpu_correctness.py [--size 256] [--json FILE]
python benchmarks/gpu_correctness.py --tiny                           a small version for a CPU

Resume: a run that is resumed halfway ends with the same bytes as one without interruption.
Gradients: those of the norms, and of each kind of network in both memory formats.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, before cuBLAS starts

import tables
import torch
import training_setup
from torch import Tensor, nn

from translate.contract.kinds import small_options
from translate.contract.parts.subject import make_part
from translate.engine.checkpoints import read, retention
from translate.nn.norms import InstanceNorm
from translate.progress import ProgressReporter
from translate.registry import names
from translate.run import Run

RECIPES = ("cyclegan", "pix2pix")


def main() -> None:
    """Compare resumed runs and gradients, and print a table after each of them."""
    args = arguments()
    for name, measure in MEASUREMENTS.items():
        rows, note = measure(args)
        print(f"\n### {name}\n")
        to = args.json and args.json.with_name(f"{args.json.stem}-{name.replace(' ', '-')}.json")
        tables.report(rows, note, to)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tiny", action="store_true", help="small networks and images")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", type=int)
    parser.add_argument("--json", type=Path, help="prefix of three files")
    args = parser.parse_args()
    args.size = args.size or (32 if args.tiny else 256)
    args.settings = training_setup.TINY if args.tiny else ()
    return args


def resume(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Train without a break, and in two halves of which the second starts from a checkpoint."""
    rows = []
    half = 3 if args.tiny else 10
    for recipe in RECIPES:
        for deterministic in (False, True):
            torch.use_deterministic_algorithms(deterministic, warn_only=True)
            torch.backends.cudnn.deterministic = deterministic
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                training_setup.write_images(root, args.size)
                make = partial(
                    training_setup.create_quiet_setup,
                    args,
                    root,
                    recipe,
                    2,
                    steps=2 * half,
                    ema=0.9,
                )
                ends = [train(make(), root / name, 2 * half) for name in ("once", "again")]
                halves = in_halves(make, root / "halves", half)
            rows.append(
                {
                    "recipe": recipe,
                    "algorithms": "deterministic" if deterministic else "PyTorch's choice",
                    "repeated run equal": ends[0] == ends[1],
                    "resumed run equal": ends[0] == halves,
                }
            )
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False
    note = (
        f"sha256 of all weights and optimizer states after {2 * half} steps, batch 2, on "
        f"{args.device}; a resumed run can only be as equal as a repeated one"
    )
    return rows, note


def train(setup: training_setup.TrainingSetup, out: Path, steps: int) -> list[str]:
    """Train to `steps`; return the digests of the last checkpoint's tensors."""
    setup.loop(out, steps, ProgressReporter()).run()
    path, _ = retention.newest_checkpoint(out)
    return [sha256(file.read_bytes()).hexdigest() for file in sorted(path.glob("*.safetensors"))]


class StopAt(ProgressReporter):
    """Stops a run after a step, as an event hook does."""

    run: Run

    def __init__(self, last: int) -> None:
        self.last = last

    def step(self, step: int, steps: int) -> None:  # noqa: ARG002
        if step == self.last:
            self.run.stop("half of the steps")


def in_halves(make: Callable[[], training_setup.TrainingSetup], out: Path, half: int) -> list[str]:
    """Train the first half, and the second from its checkpoint."""
    reporter = StopAt(half)
    loop = make().loop(out, 2 * half, reporter)
    reporter.run = loop.writer.run
    loop.run()
    second = make()
    path, _ = retention.newest_checkpoint(out)
    read.restore(second.training, read.read_checkpoint(path))
    return train(second, out, 2 * half)


def norm_gradients(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Compare gradients of instance norms with finite differences, along random directions."""
    rows = []
    for name, norm in (("ours", InstanceNorm(6)), ("nn.InstanceNorm2d", nn.InstanceNorm2d(6))):
        for images in (1, 2):
            for layout in (torch.contiguous_format, torch.channels_last):
                error = max(
                    _relative_error(norm, images, layout, args.device, seed) for seed in range(5)
                )
                rows.append(
                    {
                        "norm": name,
                        "images": images,
                        "memory format": str(layout).removeprefix("torch."),
                        "relative error": f"{error:.1e}",
                        "correct": error < 1e-3,
                    }
                )
    return rows, f"float64 on {args.device}, the worst of 5 directions"


def _relative_error(
    norm: nn.Module, images: int, layout: torch.memory_format, device: str, seed: int
) -> float:
    """Return the relative difference of a directional derivative and its finite difference."""
    generator = torch.Generator().manual_seed(seed)
    x, direction, weight = (
        torch.randn(images, 6, 8, 8, generator=generator, dtype=torch.float64)
        .to(device)
        .contiguous(memory_format=layout)
        for _ in range(3)
    )

    def function(x: Tensor) -> Tensor:
        return (norm(x) * weight).sum()  # so that the incoming gradient has this layout

    x.requires_grad_()
    (gradient,) = torch.autograd.grad(function(x), x)
    with torch.no_grad():
        step = 1e-5
        expected = (function(x + step * direction) - function(x - step * direction)) / (2 * step)
        return float(((gradient * direction).sum() - expected).abs() / expected.abs())


def network_gradients(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Compare the gradients of each generator and discriminator in both memory formats."""
    rows = []
    for kind in ("generator", "discriminator"):
        for name in sorted(names(kind)):
            part = make_part(kind, name, small_options(kind, name))
            network, images = part.make(*part.channels), part.inputs(2)
            difference = gradient_difference(network.to(args.device), images.to(args.device))
            rows.append({"network": name, "difference": f"{difference:.1e}"})
    note = f"float64 on {args.device}, norm of the difference relative to that of the gradient"
    return rows, note


def gradient_difference(network: nn.Module, images: Tensor) -> float:
    """Return how much the gradients in channels_last differ from those of contiguous tensors."""
    network.eval()  # without noise, which is drawn in the order of memory
    for module in network.modules():
        module.train(isinstance(module, nn.modules.batchnorm._BatchNorm))
    gradients = []
    for layout in (torch.contiguous_format, torch.channels_last):
        copy = deepcopy(network).double().to(memory_format=layout)
        inputs = images.double().contiguous(memory_format=layout).requires_grad_()
        torch.manual_seed(0)  # of the weights of the sum
        outputs = copy(inputs)
        total = torch.zeros((), dtype=torch.float64, device=images.device)
        for output in [outputs] if isinstance(outputs, Tensor) else outputs:
            weight = torch.randn(output.shape, dtype=output.dtype).to(output.device)
            if output.ndim == 4:
                weight = weight.contiguous(memory_format=layout)
            total = total + (output * weight).sum()  # so that the gradient has this layout
        leaves = [inputs, *(p for p in copy.parameters() if p.requires_grad)]
        each = torch.autograd.grad(total, leaves, materialize_grads=True)
        gradients.append(torch.cat([gradient.flatten() for gradient in each]))
    contiguous, channels_last = gradients
    return float((channels_last - contiguous).norm() / contiguous.norm())


MEASUREMENTS = {
    "norm gradients": norm_gradients,
    "network gradients": network_gradients,
    "resume": resume,
}


if __name__ == "__main__":
    main()
