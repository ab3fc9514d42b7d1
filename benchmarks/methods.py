"""Train generative recipes with `translate train`, and evaluate their samples.

python benchmarks/methods.py gan-mnist wgan-gp-mnist [--seeds 3] [--data ../shared/data]
python benchmarks/methods.py --all
python benchmarks/methods.py gan-mnist --run runs/gan-mnist      a run that is already trained
python benchmarks/methods.py --measure SAMPLES [SAMPLES ...]     folders of digits
python benchmarks/methods.py --baselines                         real, collapsed and random digits

Training, sampling and reconstruction are `translate train`, `sample` and `infer`, one thread each.
targets.py has the bounds of each metric value; digit_evaluations.py computes it. `--out`
(out/methods) gets a folder for each row, with sheet.png, the configuration, the log and the output
of the commands; `--keep` keeps checkpoints and samples as well.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import digit_evaluations
import sample_sheet
import scene_evaluation
import tables
import torch
from digit_metrics import DigitEvaluator, read_digits
from targets import SEEDS, TARGETS, check, format_value
from trained_run import TrainedRun

from translate.engine.config import layers

EVALUATIONS = {
    **digit_evaluations.EVALUATIONS,
    "text2img-small": scene_evaluation.evaluate_captions,
}
CONVERGENCE, CHECKPOINTS = ("wgan-mnist", "wgan-gp-mnist"), 12
"""Configurations for the evaluation of convergence, and at how many checkpoints."""


def main() -> None:
    """Evaluate what the command line names, and print a table."""
    args = arguments()
    torch.set_num_threads(args.threads)
    rows, details = [], []
    if args.measure or args.baselines:
        rows = list(folder_metrics(args))
    for name in TARGETS if args.all else args.configs:
        seeds = 1 if args.run else args.seeds or SEEDS.get(Path(name).stem, 1)
        for seed in range(args.first_seed, args.first_seed + seeds):
            row, detail = measure(args, name, seed)
            rows.append(row)
            details.append(detail)
    if not rows:
        raise SystemExit("Name a configuration, or --all, --measure or --baselines.")
    note = f"classifier seed {args.classifier_seed}; sheets are in {args.out}"
    tables.report(rows, note, args.json, details=details)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("configs", nargs="*", metavar="CONFIG", help="a name, or a file")
    parser.add_argument(
        "--all", action="store_true", help="every method, with its default number of seeds"
    )
    parser.add_argument(
        "--seeds", type=int, help="number of seeds; default: 3 for gan, wgan-gp and cgan, else 1"
    )
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--run", type=Path, help="evaluate this run instead of training")
    parser.add_argument(
        "--measure", type=Path, nargs="+", metavar="FOLDER", help="folders of digits"
    )
    parser.add_argument(
        "--baselines",
        action="store_true",
        help="metrics of real digits, and of collapsed and random generators",
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/methods"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--classifier-seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="keep checkpoints and samples")
    return parser.parse_args()


def folder_metrics(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the metrics of folders of digits, and of the baselines."""
    evaluator = DigitEvaluator(args.data, args.classifier_seed)
    for folder in args.measure or ():
        images = read_digits(folder)
        yield evaluator.evaluate(images).row(f"{len(images)} of {folder}")
    if args.baselines:
        for name, metrics in evaluator.baselines().items():
            yield metrics.row(name)


def measure(args: argparse.Namespace, name: str, seed: int) -> tuple[dict[str, Any], Any]:
    """Train and evaluate a configuration; return its line of the table, and all results."""
    kind = Path(name).stem
    if kind not in EVALUATIONS:
        raise SystemExit(f"{kind}: expected one of {', '.join(EVALUATIONS)}.")
    out = args.out / kind / ("measured" if args.run else f"seed-{seed}")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    digits = DigitEvaluator(args.data, args.classifier_seed) if kind.endswith("-mnist") else None
    run = TrainedRun(args.run or out / "run", out, args.out, digits, args.threads)
    seconds = None if args.run else train(args, run, name, seed)
    evaluation = EVALUATIONS[kind](run)
    values = evaluation.values
    sample_sheet.write(out / "sheet.png", evaluation.rows, evaluation.sheets)
    row = {
        "configuration": kind,
        "seed": "" if args.run else seed,
        "minutes": "" if seconds is None else f"{seconds[0] / 60:.1f}",
        "CPU minutes": "" if seconds is None else f"{seconds[1] / 60:.1f}",
        "measured": ", ".join(f"{name} {format_value(v)}" for name, v in values.items()),
        "required": check(values, TARGETS[kind], "required"),
        "goal": check(values, TARGETS[kind], "goal"),
    }
    print(" | ".join(map(str, row.values())), flush=True)
    detail = {**row, "values": values, "details": evaluation.details}
    (out / "evaluation.json").write_text(json.dumps(detail, indent=1) + "\n")
    if not args.keep:
        for folder in (out / "generated", out / "run" / "checkpoints"):
            shutil.rmtree(folder, ignore_errors=True)
    return row, detail


def train(args: argparse.Namespace, run: TrainedRun, name: str, seed: int) -> tuple[float, float]:
    """Train by the public command; return its wall and CPU seconds, including start-up."""
    flags = ["--config", name, "--out", run.run, "--seed", seed, "--quiet"]
    if run.evaluator:
        flags += ["--data", args.data]
    settings = list(args.settings)
    if Path(name).stem in CONVERGENCE:
        steps = layers.resolve(None, config=name, assignments=args.settings).train.steps
        every = -(-steps // CHECKPOINTS)  # rounded up: at most 12 follow the checkpoint of step 0
        settings += [f"train.keep={CHECKPOINTS + 1}", f"train.save_every={every}"]
        settings += [f"train.log_every={max(1, every // 10)}"]
    started, cpu = time.monotonic(), children_cpu_seconds()
    run.translate("train", *flags, *(part for s in settings for part in ("--set", s)))
    return time.monotonic() - started, children_cpu_seconds() - cpu


def children_cpu_seconds() -> float:
    """Return the CPU time of all commands so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
