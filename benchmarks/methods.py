"""Train methods that draw from noise by the public command, and measure what they draw.

python benchmarks/methods.py gan-mnist wgan-gp-mnist [--seeds 3] [--data ../shared/data]
python benchmarks/methods.py --all
python benchmarks/methods.py gan-mnist --run runs/gan-mnist      a run that is trained already
python benchmarks/methods.py --measure SAMPLES [SAMPLES ...]     folders of digits
python benchmarks/methods.py --baselines                         what is to be beaten

Training, drawing and reconstructing are `translate train`, `sample` and `infer`, one thread each;
what must and what should be reached is in wanted.py, what is measured in measures.py. `--out`
(out/methods) gets a folder for each row, with sheet.png, the configuration, the log and what the
commands said; `--keep` leaves checkpoints and samples there as well.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contact
import scenery
import tables
import torch
from marks import Bench, read
from measures import MEASURES as DIGITS
from subject import Subject
from wanted import LIMITS, SEEDS, short, verdict

from translate.engine.config import layers

MEASURES = {**DIGITS, "text2img-small": scenery.told_of}
WATCHED, CHECKPOINTS = ("wgan-mnist", "wgan-gp-mnist"), 12
"""whose way is looked at, and how often"""


def main() -> None:
    """Measure what was asked for, and print a table."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    rows, details = [], []
    if asked.measure or asked.baselines:
        rows = list(marks_of(asked))
    for name in LIMITS if asked.all else asked.configs:
        seeds = 1 if asked.run else asked.seeds or SEEDS.get(Path(name).stem, 1)
        for seed in range(asked.first_seed, asked.first_seed + seeds):
            row, detail = measure(asked, name, seed)
            rows.append(row)
            details.append(detail)
    if not rows:
        raise SystemExit("Name a configuration, or --all, --measure or --baselines.")
    note = f"judge {asked.judge_seed}; sheets are in {asked.out}"
    tables.report(rows, note, asked.json, details=details)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("configs", nargs="*", metavar="CONFIG", help="by name, or a file")
    parser.add_argument("--all", action="store_true", help="every method, as many seeds as asked")
    parser.add_argument("--seeds", type=int, help="how many; default: as many as the issue asks")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--run", type=Path, help="measure this run instead of training")
    parser.add_argument("--measure", type=Path, nargs="+", metavar="FOLDER", help="drawn digits")
    parser.add_argument("--baselines", action="store_true", help="real, repeated, blended digits")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/methods"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--judge-seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="leave checkpoints and samples")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def marks_of(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the marks of folders of digits, and of the baselines."""
    bench = Bench(asked.data, asked.judge_seed)
    for folder in asked.measure or ():
        found = read(folder)
        yield bench.mark(found).row(f"{len(found)} of {folder}")
    if asked.baselines:
        for name, mark in bench.baselines().items():
            yield mark.row(name)


def measure(asked: argparse.Namespace, name: str, seed: int) -> tuple[dict[str, Any], Any]:
    """Train a configuration, and return its line of the table and all that was found."""
    kind = Path(name).stem
    if kind not in MEASURES:
        raise SystemExit(f"{kind} is not measured here: {', '.join(MEASURES)} are.")
    out = asked.out / kind / ("measured" if asked.run else f"seed-{seed}")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    digits = Bench(asked.data, asked.judge_seed) if kind.endswith("-mnist") else None
    subject = Subject(asked.run or out / "run", out, asked.out, digits, asked.threads)
    took = None if asked.run else train(asked, subject, name, seed)
    found = MEASURES[kind](subject)
    contact.write(out / "sheet.png", found.rows, found.sheets)
    row = {
        "configuration": kind,
        "seed": "" if asked.run else seed,
        "minutes": "" if took is None else f"{took[0] / 60:.1f}",
        "of work": "" if took is None else f"{took[1] / 60:.1f}",
        "measured": ", ".join(f"{figure} {short(v)}" for figure, v in found.figures.items()),
        "must": verdict(found.figures, LIMITS[kind], "must"),
        "goal": verdict(found.figures, LIMITS[kind], "goal"),
    }
    print(" | ".join(map(str, row.values())), flush=True)
    detail = {**row, "figures": found.figures, "details": found.details}
    (out / "found.json").write_text(json.dumps(detail, indent=1) + "\n")
    if not asked.keep:
        for folder in (out / "drawn", out / "run" / "checkpoints"):
            shutil.rmtree(folder, ignore_errors=True)
    return row, detail


def train(asked: argparse.Namespace, subject: Subject, name: str, seed: int) -> tuple[float, float]:
    """Train by the public command; return its seconds and those of work, start-up included."""
    given = ["--config", name, "--out", subject.run, "--seed", seed, "--quiet"]
    if subject.bench:
        given += ["--data", asked.data]
    settings = list(asked.settings)
    if Path(name).stem in WATCHED:
        steps = layers.resolve(None, config=name, assignments=asked.settings).train.steps
        every = -(-steps // CHECKPOINTS)  # rounded up: the last step is the twelfth, not one more
        settings += [f"train.keep={CHECKPOINTS + 1}", f"train.save_every={every}"]
        settings += [f"train.log_every={max(1, every // 10)}"]
    begun, worked = time.monotonic(), of_children()
    subject.translate("train", *given, *(part for s in settings for part in ("--set", s)))
    return time.monotonic() - begun, of_children() - worked


def of_children() -> float:
    """Return the seconds of processor time of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
