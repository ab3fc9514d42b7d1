"""A trained run that is being measured, by the public commands."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from marks import Bench, Pictures

from translate.engine.config import yaml
from translate.engine.disk import records


class Finding(NamedTuple):
    """What was found of a run, and what there is to see."""

    figures: dict[str, float]
    rows: Sequence[Pictures] = ()
    sheets: Sequence[Path] = ()
    details: Any = None


class Subject(NamedTuple):
    """A run, the judge of its digits, and where everything that it draws goes."""

    run: Path
    out: Path
    data: Path
    bench: Bench | None
    """None where it draws no digits"""
    threads: int

    def draw(self, name: str, count: int, *flags: object) -> Path:
        """Return a folder of `count` samples."""
        folder = self.out / "drawn" / name
        self.translate("sample", self.run, folder, "--count", count, *flags)
        return folder

    def walk(self, *flags: object) -> Path:
        """Return the picture that ``--walk`` draws."""
        return self.draw("walk", 12, "--walk", *flags) / "walk.png"

    def reconstruct(self, source: Path) -> Path:
        """Return the folder of what `infer` makes of `source`."""
        folder = self.out / "drawn" / "reconstructed"
        self.translate("infer", self.run, source, folder, "--batch-size", 64)
        return folder

    def translate(self, *arguments: object) -> None:
        """Run the public command; what it says is kept in ``commands.log``."""
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
        return yaml.parse((self.run / "config.yaml").read_text(), "config.yaml")["options"]

    def checkpoints(self) -> list[int]:
        """Return the steps of its checkpoints."""
        found = (self.run / "checkpoints").glob("step-*")
        return sorted(int(path.name.removeprefix("step-")) for path in found)

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of ``log.jsonl``."""
        return list(records.read_lines(self.run / "log.jsonl"))
