"""A trained run that is evaluated by the public commands."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from digit_metrics import DigitEvaluator, Images

from translate.engine.config import yaml_text
from translate.engine.disk.records import json_files


class Evaluation(NamedTuple):
    """The metric values of a run, and rows of images for its sheet."""

    values: dict[str, float]
    rows: Sequence[Images] = ()
    sheets: Sequence[Path] = ()
    details: Any = None


class TrainedRun(NamedTuple):
    """A run, the evaluator of its digits, and the folder for all that it generates."""

    run: Path
    out: Path
    data: Path
    evaluator: DigitEvaluator | None
    """evaluator of digits; None if the run generates other images"""
    threads: int

    def sample(self, name: str, count: int, *flags: object, step: int | None = None) -> Path:
        """Return a folder of `count` samples, of the newest checkpoint or that of `step`."""
        folder = self.out / "generated" / name
        run = self.run if step is None else f"{self.run}@{step}"
        self.translate("sample", run, folder, "--count", count, *flags)
        return folder

    def walk(self, *flags: object) -> Path:
        """Return the sheet that ``--walk`` writes."""
        return self.sample("walk", 12, "--walk", *flags) / "walk.png"

    def reconstruct(self, source: Path) -> Path:
        """Return the folder that `infer` writes for `source`."""
        folder = self.out / "generated" / "reconstructed"
        self.translate("infer", self.run, source, folder, "--batch-size", 64)
        return folder

    def translate(self, *arguments: object) -> None:
        """Run the public command; its output goes to ``commands.log``."""
        command = list(map(str, arguments))
        threads = {"OMP_NUM_THREADS": str(self.threads)}
        with (self.out / "commands.log").open("a") as log:
            print("\n$ translate", *command, file=log, flush=True)
            done = subprocess.run(
                [sys.executable, "-m", "translate", *command],
                env={**os.environ, **threads},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            last = (self.out / "commands.log").read_text().splitlines()[-1:]
            raise SystemExit(f"translate {' '.join(command)}\n  {''.join(last)}")

    def options(self) -> dict[str, Any]:
        """Return the options of the recipe, as the run has them."""
        return yaml_text.parse((self.run / "config.yaml").read_text(), "config.yaml")["options"]

    def checkpoints(self) -> list[int]:
        """Return the steps of its checkpoints."""
        folders = (self.run / "checkpoints").glob("step-*")
        return sorted(int(path.name.removeprefix("step-")) for path in folders)

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of ``log.jsonl``."""
        return list(json_files.read_lines(self.run / "log.jsonl"))
