"""What a CUDA machine can show: speed against the textbook, exact resume, gradients of a norm.

python benchmarks/gpu.py [--size 256] [--rounds 5] [--json FILE]      some 8 minutes of one GPU
python benchmarks/gpu.py --tiny                                       all of it in small, on a CPU

Block 1: CycleGAN and pix2pix at `--size`, batch 1 and 8. The textbook and our loop in its variants
take turns of `--steps` steps; ours reads its batches, logs and guards as a run does, the textbook's
batches lie ready on the device. Before that, both train the same start and are compared. Block 5:
a run resumed in its middle ends in the same bytes; gradients of the norms in both memory formats,
against finite differences. What needs CUDA is left out without it, and said.
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

import rig
import tables
import torch
from torch import Tensor, nn

from translate.engine.checkpoints import read, retention
from translate.progress import ProgressReport, ProgressReporter
from translate_plugins.networks.norms import InstanceNorm

TINY = (
    "options.generator.width=4",
    "options.discriminator.width=4",
)
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
"""The rest needs a compiler or CUDA."""

Block = Callable[[], float]
"""Takes some steps and returns the seconds that they took."""


def main() -> None:
    """Run the blocks, each of which prints its table as soon as it is done."""
    asked = arguments()
    for name, block in (("race", race_all), ("resume", resume), ("gradients", gradients)):
        rows, note = block(asked)
        print(f"\n## {name}\n")
        to = asked.json and asked.json.with_name(f"{asked.json.stem}-{name}.json")
        tables.report(rows, note, to)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tiny", action="store_true", help="small networks, small pictures")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", type=int)
    parser.add_argument("--batches", type=int, nargs="+")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int, help="in a round")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS))
    parser.add_argument("--json", type=Path, help="the beginning of three files' names")
    asked = parser.parse_args()
    if asked.device == "cpu" and not asked.tiny:
        parser.error("there is no GPU here: --tiny shows that all runs, --device cpu is hopeless.")
    usual = (32, [1, 2], 2, 2) if asked.tiny else (256, [1, 8], 5, 10)
    for key, value in zip(("size", "batches", "rounds", "steps"), usual, strict=True):
        setattr(asked, key, getattr(asked, key) or value)
    on_cpu = asked.device == "cpu"
    asked.variants = asked.variants or [v for v in VARIANTS if v in ON_CPU or not on_cpu]
    return asked


# -- block 1 --------------------------------------------------------------------------------------


def race_all(asked: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Race every recipe and batch size."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rig.draw(root, asked.size)
        for recipe in rig.LAYOUTS:
            equal = {
                double: rig.compare(
                    partial(prepare, asked, root, recipe, 1, steps=3, log_every=1),
                    root / f"equal-{recipe}-{double}",
                    double=double,
                )
                for double in (True, False)
            }
            print(f"{recipe}: ours and the textbook are apart by {equal[True]} in float64, by "
                  f"{equal[False]} in float32", flush=True)  # fmt: skip
            for size in asked.batches:
                rows += race(asked, root, recipe, size)
    left_out = [v for v in VARIANTS if v not in asked.variants]
    note = (
        f"{asked.size} px; median (quartiles) of {asked.rounds} rounds of {asked.steps} steps, in "
        "turn, after one that is not counted; ratio: to the textbook at the same precision, in the "
        "same round, above 1 is faster; MB: peak over what lay on the device before, its own "
        f"weights and optimizers included. Left out: {', '.join(left_out) or 'nothing'}."
    )
    return rows, note


def prepare(
    asked: argparse.Namespace, root: Path, recipe: str, batch_size: int, **train: Any
) -> rig.Rig:
    """Return a rig on the device."""
    settings = TINY if asked.tiny else ()
    quiet = {"preview_every": 0, "save_every": 10**9, "batch_size": batch_size}
    return rig.make(
        recipe, root, asked.size, settings=settings, device=asked.device, **{**quiet, **train}
    )


def race(
    asked: argparse.Namespace, root: Path, recipe: str, batch_size: int
) -> list[dict[str, Any]]:
    """Return a row for the textbook in either precision and for each of our variants."""
    used = ["fp32", *(["bf16"] if any("bf16" in v for v in asked.variants) else [])]
    makers: dict[str, Callable[[], Block]] = {
        f"textbook {precision}": partial(textbook_block, asked, root, recipe, batch_size, precision)
        for precision in used
    }
    for name in asked.variants:
        makers[name] = partial(our_block, asked, root, recipe, batch_size, name)
    blocks: dict[str, Block] = {}
    memory: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, maker in makers.items():
        before = _allocated()
        try:
            blocks[name] = maker()
            blocks[name]()  # warm: compiles, fills pools of memory
            memory[name] = _peak() - before
        except Exception as error:
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
            blocks.pop(name, None)
    seconds: dict[str, list[float]] = {name: [] for name in blocks}
    for number in range(asked.rounds):
        order = list(blocks)
        for name in order[number % len(order) :] + order[: number % len(order)]:
            seconds[name].append(blocks[name]() / asked.steps)
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


def textbook_block(
    asked: argparse.Namespace, root: Path, recipe: str, batch_size: int, precision: str
) -> Block:
    """Return the textbook's loop; its batches lie on the device."""
    own = prepare(asked, root, recipe, batch_size, steps=10**6)
    batches = cycle(own.batches(rig.PICTURES))
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    steps = rig.loop_of(own, own.training.recipe, batches, fused=True, precision=dtype)

    def block() -> float:
        _synchronize()
        begun = time.perf_counter()
        for _ in range(asked.steps):
            next(steps)
        _synchronize()
        return time.perf_counter() - begun

    return block


def our_block(
    asked: argparse.Namespace, root: Path, recipe: str, batch_size: int, variant: str
) -> Block:
    """Return our loop: what is timed lies between two lines of its log."""
    how = VARIANTS[variant]
    own = prepare(
        asked,
        root,
        recipe,
        batch_size,
        steps=10**6,
        log_every=asked.steps,
        precision=how.get("precision", "fp32"),
    )
    if how.get("last"):
        own.training.recipe.to(memory_format=torch.channels_last)
    if "compile" in how:
        own.training.recipe.compile(**how["compile"])
    out = Path(tempfile.mkdtemp(dir=root))
    out.rmdir()

    def block() -> float:
        at: list[float] = []

        def note(report: ProgressReport) -> None:  # noqa: ARG001 - the log's numbers have waited for the device
            at.append(time.perf_counter())

        loop = own.loop(out, own.training.step + 2 * asked.steps, rig.Each(note))
        loop._save = lambda **_: None  # type: ignore[method-assign] # each block ends a run: not timed
        loop.run()
        return at[1] - at[0]

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


# -- block 5 --------------------------------------------------------------------------------------


def resume(asked: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Train straight, and in two halves of which the second starts from a checkpoint."""
    rows = []
    half = 3 if asked.tiny else 10
    for recipe in rig.LAYOUTS:
        for deterministic in (False, True):
            torch.use_deterministic_algorithms(deterministic, warn_only=True)
            torch.backends.cudnn.deterministic = deterministic
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                rig.draw(root, asked.size)
                make = partial(prepare, asked, root, recipe, 2, steps=2 * half, ema=0.9)
                ends = [straight(make(), root / name, 2 * half) for name in ("once", "again")]
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
        f"{asked.device}; a resumed run can only be as equal as a repeated one"
    )
    return rows, note


def straight(own: rig.Rig, out: Path, steps: int) -> list[str]:
    """Train to `steps`; return the digests of the last checkpoint's tensors."""
    own.loop(out, steps, ProgressReporter()).run()
    path, _ = retention.newest(out)
    return [sha256(file.read_bytes()).hexdigest() for file in sorted(path.glob("*.safetensors"))]


def in_halves(make: Callable[[], rig.Rig], out: Path, half: int) -> list[str]:
    """Train the first half, and the second from its checkpoint."""
    first = make()
    loop = first.loop(out, 2 * half, ProgressReporter())
    look = loop._look

    def stop(*, last: bool) -> None:
        look(last=last or first.training.step == half)
        if first.training.step == half:
            raise KeyboardInterrupt

    loop._look = stop  # type: ignore[method-assign]
    try:
        loop.run()
    except KeyboardInterrupt:
        second = make()
        path, _ = retention.newest(out)
        read.restore(second.training, read.describe(path))
        return straight(second, out, 2 * half)
    raise AssertionError("the first half went on to the end")


def gradients(asked: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Compare gradients of instance norms with finite differences, along random directions."""
    rows = []
    for name, norm in (("ours", InstanceNorm(6)), ("nn.InstanceNorm2d", nn.InstanceNorm2d(6))):
        for images in (1, 2):
            for layout in (torch.contiguous_format, torch.channels_last):
                wrong = max(_wrong(norm, images, layout, asked.device, seed) for seed in range(5))
                rows.append(
                    {
                        "norm": name,
                        "images": images,
                        "memory format": str(layout).removeprefix("torch."),
                        "relative error": f"{wrong:.1e}",
                        "right": wrong < 1e-3,
                    }
                )
    return rows, f"float64 on {asked.device}, the worst of 5 directions"


def _wrong(
    norm: nn.Module, images: int, layout: torch.memory_format, device: str, seed: int
) -> float:
    """Return how far the derivative along one direction is from its finite difference."""
    drawn = torch.Generator().manual_seed(seed)
    x, way, weight = (
        torch.randn(images, 6, 8, 8, generator=drawn, dtype=torch.float64)
        .to(device)
        .contiguous(memory_format=layout)
        for _ in range(3)
    )

    def height(x: Tensor) -> Tensor:
        return (norm(x) * weight).sum()  # so the gradient that comes in has the layout as well

    x.requires_grad_()
    (slope,) = torch.autograd.grad(height(x), x)
    with torch.no_grad():
        step = 1e-5
        true = (height(x + step * way) - height(x - step * way)) / (2 * step)
        return float(((slope * way).sum() - true).abs() / true.abs())


if __name__ == "__main__":
    main()
