"""Checks on a CUDA machine: speed against the textbook, exact resume, gradients of a norm.

python benchmarks/gpu.py [--size 256] [--rounds 5] [--json FILE]      8 minutes of one GPU
python benchmarks/gpu.py --tiny                                       a small version for a CPU

Speed: CycleGAN and pix2pix at `--size`, batch sizes 1 and 8. The textbook and the variants of our
loop take turns of `--steps` steps; ours reads its batches, logs and guards as a run does, the
textbook's batches are on the device. Before that, both train one initialization and are compared.
Resume: a run that is resumed halfway ends with the same bytes. Gradients: those of the norms in
both memory formats, against finite differences. Variants that need CUDA are skipped without it, and
listed.
"""

import argparse
import os
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, before cuBLAS starts

import equivalence
import tables
import torch
import training_setup
from torch import Tensor, nn

from translate.engine.checkpoints import read, retention
from translate.nn.norms import InstanceNorm
from translate.progress import ProgressReport, ProgressReporter
from translate.run import Run

TINY = (
    "options.generator.width=4",
    "options.discriminator.width=4",
)
RECIPES = ("cyclegan", "pix2pix")
VARIANTS: dict[str, dict[str, Any]] = {
    "eager": {},
    "channels_last": {"last": True},
    "compiled": {"compile": {}},
    "CUDA graphs": {"compile": {"mode": "reduce-overhead"}},
    "bf16": {"precision": "bf16"},
    "bf16, channels_last": {"precision": "bf16", "last": True},
    "bf16, compiled": {"precision": "bf16", "compile": {}},
    "bf16, channels_last, compiled": {"precision": "bf16", "last": True, "compile": {}},
}
ON_CPU = ("eager", "channels_last", "bf16")
"""The others need a compiler or CUDA."""

Block = Callable[[], float]
"""Takes some steps and returns their seconds."""


def main() -> None:
    """Run all three, and print a table after each."""
    args = arguments()
    for name, measure in (("speed", compare_speed), ("resume", resume), ("gradients", gradients)):
        rows, note = measure(args)
        print(f"\n## {name}\n")
        to = args.json and args.json.with_name(f"{args.json.stem}-{name}.json")
        tables.report(rows, note, to)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tiny", action="store_true", help="small networks and images")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", type=int)
    parser.add_argument("--batches", type=int, nargs="+")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int, help="steps in a round")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS))
    parser.add_argument("--json", type=Path, help="prefix of three files")
    args = parser.parse_args()
    if args.device == "cpu" and not args.tiny:
        parser.error("no GPU was found: use --tiny, which runs on a CPU.")
    defaults = (32, [1, 2], 2, 2) if args.tiny else (256, [1, 8], 5, 10)
    for key, value in zip(("size", "batches", "rounds", "steps"), defaults, strict=True):
        setattr(args, key, getattr(args, key) or value)
    on_cpu = args.device == "cpu"
    args.variants = args.variants or [v for v in VARIANTS if v in ON_CPU or not on_cpu]
    return args


# -- speed ----------------------------------------------------------------------------------------


def compare_speed(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Compare every recipe and batch size."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        for recipe in RECIPES:
            difference = {
                double: equivalence.compare(
                    partial(prepare, args, root, recipe, 1, steps=3, log_every=1),
                    root / f"equal-{recipe}-{double}",
                    double=double,
                )
                for double in (True, False)
            }
            print(f"{recipe}: ours and the textbook differ by {difference[True]} in float64, by "
                  f"{difference[False]} in float32", flush=True)  # fmt: skip
            for size in args.batches:
                rows += compare_variants(args, root, recipe, size)
    skipped = [v for v in VARIANTS if v not in args.variants]
    note = (
        f"{args.size} px; median (quartiles) of {args.rounds} rounds of {args.steps} steps, in "
        "turn, after a warm-up; ratio: to the textbook at the same precision in the same round, "
        "above 1 is faster; MB: growth of the peak memory, including weights and optimizers. "
        f"Skipped: {', '.join(skipped) or 'none'}."
    )
    return rows, note


def prepare(
    args: argparse.Namespace, root: Path, recipe: str, batch_size: int, **train: Any
) -> training_setup.TrainingSetup:
    """Return the setup of a recipe on the device."""
    settings = TINY if args.tiny else ()
    intervals = {"preview_every": 0, "save_every": 10**9, "batch_size": batch_size}
    return training_setup.create_setup(
        recipe, root, args.size, settings=settings, device=args.device, **{**intervals, **train}
    )


def compare_variants(
    args: argparse.Namespace, root: Path, recipe: str, batch_size: int
) -> list[dict[str, Any]]:
    """Return a row for the textbook in either precision and for each of our variants."""
    precisions = ["fp32", *(["bf16"] if any("bf16" in v for v in args.variants) else [])]
    makers: dict[str, Callable[[], Block]] = {
        f"textbook {precision}": partial(
            create_textbook_block, args, root, recipe, batch_size, precision
        )
        for precision in precisions
    }
    for name in args.variants:
        makers[name] = partial(create_our_block, args, root, recipe, batch_size, name)
    blocks: dict[str, Block] = {}
    memory: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, maker in makers.items():
        before = _allocated()
        try:
            blocks[name] = maker()
            blocks[name]()  # warm-up: compiles, fills memory pools
            memory[name] = _peak() - before
        except Exception as error:
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
            blocks.pop(name, None)
    seconds: dict[str, list[float]] = {name: [] for name in blocks}
    for number in range(args.rounds):
        order = list(blocks)
        for name in order[number % len(order) :] + order[: number % len(order)]:
            seconds[name].append(blocks[name]() / args.steps)
    rows = []
    for name in makers:
        base = "textbook bf16" if "bf16" in name else "textbook fp32"
        facts = {"ms/step": failed.get(name, ""), "ratio": "", "MB": ""}
        if name in blocks:
            ratios = [b / a for a, b in zip(seconds[name], seconds[base], strict=True)]
            facts = {
                "ms/step": tables.spread([1000 * value for value in seconds[name]], 1),
                "ratio": tables.spread(ratios),
                "MB": str(round(memory[name])),
            }
        rows.append({"recipe": recipe, "batch": batch_size, "loop": name, **facts})
    return rows


def create_textbook_block(
    args: argparse.Namespace, root: Path, recipe: str, batch_size: int, precision: str
) -> Block:
    """Return the textbook's loop; its batches are on the device."""
    setup = prepare(args, root, recipe, batch_size, steps=10**6)
    batches = cycle(setup.batches(training_setup.IMAGES))
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    steps = training_setup.textbook_loop(
        setup, setup.training.recipe, batches, fused=True, precision=dtype
    )

    def block() -> float:
        _synchronize()
        start = time.perf_counter()
        for _ in range(args.steps):
            next(steps)
        _synchronize()
        return time.perf_counter() - start

    return block


def create_our_block(
    args: argparse.Namespace, root: Path, recipe: str, batch_size: int, variant: str
) -> Block:
    """Return our loop: the time between two log lines is measured."""
    changes = VARIANTS[variant]
    setup = prepare(
        args,
        root,
        recipe,
        batch_size,
        steps=10**6,
        log_every=args.steps,
        precision=changes.get("precision", "fp32"),
    )
    if changes.get("last"):
        setup.training.recipe.to(memory_format=torch.channels_last)
    if "compile" in changes:
        setup.training.recipe.compile(**changes["compile"])
    out = Path(tempfile.mkdtemp(dir=root))
    out.rmdir()

    def block() -> float:
        times: list[float] = []

        def record(report: ProgressReport) -> None:  # noqa: ARG001 - the log's numbers have waited for the device
            times.append(time.perf_counter())

        loop = setup.loop(
            out, setup.training.step + 2 * args.steps, training_setup.ProgressCallback(record)
        )
        loop.saver.write_checkpoint = lambda **_: None  # type: ignore[method-assign] # not timed
        loop.run()
        return times[1] - times[0]

    return block


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _allocated() -> float:
    if not torch.cuda.is_available():
        return 0.0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated() / 2**20


def _peak() -> float:
    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


# -- resume and gradients -------------------------------------------------------------------------


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
                make = partial(prepare, args, root, recipe, 2, steps=2 * half, ema=0.9)
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


def gradients(args: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
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


if __name__ == "__main__":
    main()
