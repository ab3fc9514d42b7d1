"""Train each method that draws from noise by the public command, and measure what it draws.

python benchmarks/methods.py gan-mnist wgan-gp-mnist [--seeds 3] [--data ../shared/data]
python benchmarks/methods.py --measure SAMPLES
"""

import argparse
from pathlib import Path

import marks
import tables
import torch


def main() -> None:
    """Measure what was asked for, and print a table."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    if asked.measure:
        measure(asked)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("configs", nargs="*", metavar="CONFIG")
    parser.add_argument("--measure", type=Path, nargs="+", metavar="FOLDER", help="drawn digits")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--judge-seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--baselines", action="store_true", help="print them beside")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(asked: argparse.Namespace) -> None:
    """Print the marks of folders of digits."""
    bench = marks.Bench(asked.data, asked.judge_seed)
    rows = []
    for folder in asked.measure:
        found = marks.read(folder)
        rows.append(bench.mark(found).row(f"{len(found)} of {folder}"))
    if asked.baselines:
        rows += [mark.row(name) for name, mark in bench.baselines().items()]
    tables.report(rows, f"judge {asked.judge_seed}", asked.json)


if __name__ == "__main__":
    main()
