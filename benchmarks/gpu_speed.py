"""A training step on a GPU against the textbook's: time and memory of several variants.

python benchmarks/gpu_speed.py [--minutes 8] [--size 256] [--rounds 5] [--json FILE]
python benchmarks/gpu_speed.py --tiny                                 a small version for a CPU

CycleGAN and pix2pix at `--size`, batch sizes 1 and 8. The textbook and the variants of our loop
take turns of `--steps` steps; ours reads its batches, logs and guards as a run does, the textbook's
batches are on the device. Before that, both train from the same initial weights and are compared.
Variants that need CUDA are skipped without it, and so are variants without time left; the
table lists them.
"""

import argparse
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import equivalence
import tables
import torch
import training_setup
from training_setup import create_quiet_setup

from translate.engine.optimization.graphs.networks import OBSERVED_STEPS
from translate.progress import ProgressReport

RECIPES = ("cyclegan", "pix2pix")
VARIANTS: dict[str, dict[str, Any]] = {
    "eager": {},
    "CUDA graphs": {"cuda_graphs": True},
    "bf16": {"precision": "bf16"},
    "channels_last": {"channels_last": True},
    "bf16, channels_last": {"precision": "bf16", "channels_last": True},
    "bf16, channels_last, CUDA graphs": {
        "precision": "bf16",
        "channels_last": True,
        "cuda_graphs": True,
    },
    "compiled": {"compile": True},
    "bf16, channels_last, compiled": {"precision": "bf16", "channels_last": True, "compile": True},
}
"""settings of ``train``, in the order of measurement while there is time"""
SAME_MATHS = ("CUDA graphs", "channels_last")
"""variants that only change the order of sums"""
ON_CPU = ("eager", "channels_last", "bf16")
"""variants that need neither CUDA nor a compiler"""
PREPARATION = 0.7
"""fraction of the time after which no further variant is prepared, which may include compiling"""

Block = Callable[[], float]
"""Takes some steps and returns their seconds."""


def main() -> None:
    """Compare every recipe and batch size, and print the table after each."""
    args = arguments()
    rows: list[dict[str, Any]] = []
    sizes = [(recipe, size) for size in args.batches for recipe in RECIPES]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        for number, (recipe, size) in enumerate(sizes):
            if size == args.batches[0]:
                print(compare_loops(args, root, recipe), flush=True)
            now = time.monotonic()
            end = now + (args.end - now) / (len(sizes) - number)
            compared = compare_variants(args, root, recipe, size, end)
            rows += compared
            tables.report(compared, note(args), args.json, all=rows)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--tiny", action="store_true", help="small networks and images")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", type=int)
    parser.add_argument("--batches", type=int, nargs="+")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int, help="steps in a round")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS))
    args = parser.parse_args()
    if args.device == "cpu" and not args.tiny:
        parser.error("no GPU was found: use --tiny, which runs on a CPU.")
    defaults = (32, [1, 2], 2, 2) if args.tiny else (256, [1, 8], 5, 10)
    for key, value in zip(("size", "batches", "rounds", "steps"), defaults, strict=True):
        setattr(args, key, getattr(args, key) or value)
    args.settings = training_setup.TINY if args.tiny else ()
    args.end = time.monotonic() + 60 * args.minutes
    on_cpu = args.device == "cpu"
    args.variants = args.variants or [v for v in VARIANTS if v in ON_CPU or not on_cpu]
    return args


def compare_loops(args: argparse.Namespace, root: Path, recipe: str) -> str:
    """Return how much both loops differ after training from the same initial weights.

    Variants that only change the order of sums are compared as well, in float32, and for twice the
    steps after which CUDA graphs are captured.
    """
    create = partial(create_quiet_setup, args, root, recipe, 1, log_every=1)
    differences = {
        f"float{64 if in_float64 else 32}": equivalence.compare(
            partial(create, steps=3), root / f"equal-{recipe}-{in_float64}", double=in_float64
        )
        for in_float64 in (True, False)
    }
    for number, name in enumerate(name for name in args.variants if name in SAME_MATHS):
        differences[name] = equivalence.compare(
            partial(create, steps=2 * OBSERVED_STEPS, **VARIANTS[name]),
            root / f"equal-{recipe}-{number}",
            double=False,
        )
    texts = (f"{difference} with {name}" for name, difference in differences.items())
    return f"{recipe}: ours and the textbook differ by {', '.join(texts)}"


def note(args: argparse.Namespace) -> str:
    """Return a note on how the numbers of the table were measured."""
    skipped = [v for v in VARIANTS if v not in args.variants]
    return (
        f"{args.size} px; median (quartiles) of at most {args.rounds} rounds of {args.steps} "
        "steps, in turn, after a warm-up; ratio: to the textbook at the same precision in the same "
        "round, above 1 is faster; MB: growth of the peak memory, including weights and "
        f"optimizers. Skipped: {', '.join(skipped) or 'none'}."
    )


def compare_variants(
    args: argparse.Namespace, root: Path, recipe: str, batch_size: int, end: float
) -> list[dict[str, Any]]:
    """Return a row for the textbook in either precision and for each variant, until `end`."""
    start = time.monotonic()
    precisions = ["fp32", *(["bf16"] if any("bf16" in v for v in args.variants) else [])]
    creators: dict[str, Callable[[], Block]] = {
        f"textbook {precision}": partial(
            create_textbook_block, args, root, recipe, batch_size, precision
        )
        for precision in precisions
    }
    for name in args.variants:
        creators[name] = partial(create_our_block, args, root, recipe, batch_size, name)
    blocks: dict[str, Block] = {}
    memory: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, create in creators.items():
        if blocks and time.monotonic() > start + PREPARATION * (end - start):
            failed[name] = "no time left"
            continue
        before = _allocated_memory()
        try:
            blocks[name] = create()
            blocks[name]()  # warm-up: compiles, fills memory pools
            memory[name] = _peak() - before
        except Exception as error:
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
            blocks.pop(name, None)
    seconds: dict[str, list[float]] = {name: [] for name in blocks}
    for number in range(args.rounds):
        if number and time.monotonic() > end:
            break
        for name in tables.rotate(list(blocks), number):
            seconds[name].append(blocks[name]() / args.steps)
    rows = []
    for name in creators:
        base = "textbook bf16" if "bf16" in name else "textbook fp32"
        facts = {"ms/step": failed.get(name, ""), "ratio": "", "MB": ""}
        if name in blocks and base in blocks:
            ratios = [b / a for a, b in zip(seconds[name], seconds[base], strict=True)]
            facts = {
                "ms/step": tables.median_and_quartiles(
                    [1000 * value for value in seconds[name]], 1
                ),
                "ratio": tables.median_and_quartiles(ratios),
                "MB": str(round(memory[name])),
            }
        rows.append({"recipe": recipe, "batch": batch_size, "loop": name, **facts})
    return rows


def create_textbook_block(
    args: argparse.Namespace, root: Path, recipe: str, batch_size: int, precision: str
) -> Block:
    """Return the textbook's loop; its batches are on the device."""
    setup = create_quiet_setup(args, root, recipe, batch_size, steps=10**6)
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
    """Return our loop: the time between two log lines is measured.

    Each call makes a loop, which captures CUDA graphs again before the first log line.
    """
    setup = create_quiet_setup(
        args, root, recipe, batch_size, steps=10**6, log_every=args.steps, **VARIANTS[variant]
    )
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


def _allocated_memory() -> float:
    if not torch.cuda.is_available():
        return 0.0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated() / 2**20


def _peak() -> float:
    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


if __name__ == "__main__":
    main()
