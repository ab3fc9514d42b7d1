"""Correctness on a GPU: exact resume, and gradients against finite differences.

python benchmarks/gpu_correctness.py [--size 256] [--json FILE]
python benchmarks/gpu_correctness.py --tiny                           a small version for a CPU

Streams: computation reads the right batches while further batches are uploaded.
Gradients: those of the norms, and of each kind of network in both memory formats.
Resume: a run that is resumed halfway ends with the same bytes as one without interruption.
Each of these writes a file of its own, with the name of `--json FILE` as its prefix.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, before cuBLAS starts

import tables
import torch
import training_setup
from torch import Tensor, nn

from translate.batches import Domain, ImageSpec, Pair
from translate.contract.kinds import small_options
from translate.contract.parts.subject import make_part
from translate.engine.checkpoints import read, retention
from translate.engine.loading.device import Uploader
from translate.nn.norms import InstanceNorm
from translate.progress import ProgressReporter
from translate.registry import names
from translate.run import Run

RECIPES = ("cyclegan", "pix2pix")
STEP = 1e-7
"""step of a finite difference, in float64: a longer step crosses kinks of ReLU"""


def main() -> None:
    """Compare resumed runs and gradients, and print a table after each of them."""
    args = arguments()
    for name, measure in MEASUREMENTS.items():
        rows, note = measure(args)
        print(f"\n### {name}\n")
        file = args.json and args.json.with_name(f"{args.json.stem}-{name.replace(' ', '-')}.json")
        tables.report(rows, note, file)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--tiny", action="store_true", help="small networks and images")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", type=int)
    args = parser.parse_args()
    args.size = args.size or (32 if args.tiny else 256)
    args.settings = training_setup.TINY if args.tiny else ()
    return args


def resume(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Train without interruption, and in two halves: the second resumes from a checkpoint."""
    rows = []
    half = 3 if args.tiny else 10
    for recipe in RECIPES:
        for deterministic in (False, True):
            torch.use_deterministic_algorithms(deterministic, warn_only=True)
            torch.backends.cudnn.deterministic = deterministic
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                training_setup.write_images(root, args.size)
                create = partial(
                    training_setup.create_quiet_setup,
                    args,
                    root,
                    recipe,
                    2,
                    steps=2 * half,
                    ema=0.9,
                )
                first, repeated = (
                    train(create(), root / name, 2 * half) for name in ("first", "repeated")
                )
                resumed = train_in_halves(create, root / "resumed", half)
            rows.append(
                {
                    "recipe": recipe,
                    "algorithms": "deterministic" if deterministic else "PyTorch's choice",
                    "repeated run equal": first == repeated,
                    "resumed run equal": first == resumed,
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


def train_in_halves(
    create: Callable[[], training_setup.TrainingSetup], out: Path, half: int
) -> list[str]:
    """Train the first half, and the second from its checkpoint; return the digests of `train`."""
    reporter = StopAt(half)
    loop = create().loop(out, 2 * half, reporter)
    reporter.run = loop.writer.run
    loop.run()
    setup = create()
    path, _ = retention.newest_checkpoint(out)
    read.restore(setup.training, read.read_checkpoint(path))
    return train(setup, out, 2 * half)


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
    """Check the gradients of each generator and discriminator in both memory formats."""
    rows = []
    for kind in ("generator", "discriminator"):
        for name in sorted(names(kind)):
            part = make_part(kind, name, small_options(kind, name))
            network, images = part.make(*part.channels), part.inputs(2)
            errors = gradient_errors(network.to(args.device), images.to(args.device))
            facts = {key: f"{value:.1e}" for key, value in errors._asdict().items()}
            rows.append({"network": name, **facts, "correct": max(errors) < 1e-3})
    note = (
        f"float64 on {args.device}; difference: of the gradients in both formats, relative to "
        "their norm; contiguous, channels_last: relative error of a derivative in a random "
        "direction, against a finite difference"
    )
    return rows, note


class GradientErrors(NamedTuple):
    """Relative errors of the gradients of a network."""

    difference: float
    """difference of the gradients in both memory formats"""
    contiguous: float
    """error of a directional derivative against its finite difference"""
    channels_last: float
    """error of a directional derivative in the other memory format"""


def gradient_errors(network: nn.Module, images: Tensor) -> GradientErrors:
    """Compare the gradients of a network in both memory formats with finite differences."""
    network.eval()  # without noise, which is drawn in the order of memory
    for module in network.modules():
        module.train(isinstance(module, nn.modules.batchnorm._BatchNorm))
    gradients, errors = [], []
    for layout in (torch.contiguous_format, torch.channels_last):
        copy = deepcopy(network).double().to(memory_format=layout)
        inputs = images.double().contiguous(memory_format=layout).requires_grad_()
        leaves = [inputs, *(p for p in copy.parameters() if p.requires_grad)]
        total = _weighted_sum(copy, inputs, layout)
        leaf_gradients = torch.autograd.grad(total, leaves, materialize_grads=True)
        gradients.append(torch.cat([gradient.flatten() for gradient in leaf_gradients]))
        generator = torch.Generator().manual_seed(1)
        directions = [torch.randn(leaf.shape, generator=generator, dtype=leaf.dtype)
                      .to(leaf.device) for leaf in leaves]  # fmt: skip
        derivative = sum((g * d).sum() for g, d in zip(leaf_gradients, directions, strict=True))
        sums = []
        with torch.no_grad():
            for step in (STEP, -2 * STEP):  # from the start to +STEP, and from there to -STEP
                for leaf, direction in zip(leaves, directions, strict=True):
                    leaf.add_(direction, alpha=step)
                sums.append(_weighted_sum(copy, inputs, layout))
        expected = (sums[0] - sums[1]) / (2 * STEP)
        errors.append(float((derivative - expected).abs() / expected.abs()))
    contiguous, channels_last = gradients
    difference = (channels_last - contiguous).norm() / contiguous.norm()
    return GradientErrors(float(difference), *errors)


def _weighted_sum(network: nn.Module, images: Tensor, layout: torch.memory_format) -> Tensor:
    """Return a sum of the outputs with a gradient of the memory format `layout`."""
    generator = torch.Generator().manual_seed(0)
    outputs = network(images)
    total = torch.zeros((), dtype=images.dtype, device=images.device)
    for output in [outputs] if isinstance(outputs, Tensor) else outputs:
        weight = torch.randn(output.shape, generator=generator, dtype=output.dtype)
        weight = weight.to(output.device)
        if output.ndim == 4:
            weight = weight.contiguous(memory_format=layout)
        total = total + (output * weight).sum()
    return total


def streams(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Upload batches next to computation, and compare what the computation reads."""
    device = torch.device(args.device)
    spec, count = ImageSpec(domains=(Domain("a"), Domain("b"))), 64
    random = torch.Generator().manual_seed(0)
    shape = (8, 3, args.size, args.size)
    batches = [
        Pair(*(torch.randint(256, shape, generator=random, dtype=torch.uint8) for _ in range(2)))
        for _ in range(4)
    ]
    rows = []
    for channels_last in (False, True):
        upload, wrong = Uploader(device, spec, channels_last=channels_last), 0
        expected = [Uploader(torch.device("cpu"), spec)(batch) for batch in batches]
        sums = []
        side = 256 if args.tiny else 4096
        busy = torch.randn(side, side, device=device)
        for number in range(count):
            batch = batches[number % len(batches)]
            pinned = batch._make(t.pin_memory() for t in batch) if upload.stream else batch
            uploaded = upload(pinned)
            del pinned  # its memory may be reused: the next batch is read meanwhile
            busy = (busy @ busy).clamp(-1, 1)  # delays the stream that computes
            sums.append([field.double().sum() for field in uploaded])
            del uploaded
        for number, values in enumerate(sums):
            reference = expected[number % len(batches)]
            wrong += any(
                abs(float(value) - float(field.double().sum())) > 1e-3 * field.numel() ** 0.5
                for value, field in zip(values, reference, strict=True)
            )
        layout = "channels_last" if channels_last else "contiguous"
        rows.append({"memory format": layout, "batches": count, "wrong batches": wrong})
    return rows, f"batches of 8 pairs, {args.size} px, on {args.device}, read by a busy stream"


MEASUREMENTS = {
    "streams": streams,
    "norm gradients": norm_gradients,
    "network gradients": network_gradients,
    "resume": resume,
}


if __name__ == "__main__":
    main()
