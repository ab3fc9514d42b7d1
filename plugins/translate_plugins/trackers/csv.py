"""The log as a table: one row for each line, in a CSV file of the run folder."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path, PurePath
from typing import Annotated, Any

from translate.errors import ConfigError
from translate.run import LogRecord, Run
from translate.trackers import append_line, replace_text


class CsvTracker:
    """Write the log as a CSV file in the run folder, one row for each line of log.jsonl."""

    def __init__(
        self, *, file: Annotated[str, "name of the file in the run folder"] = "log.csv"
    ) -> None:
        if PurePath(file).name != file or not file:
            raise ConfigError(f"file: expected a name such as log.csv, not a path, got {file!r}.")
        self.file = file
        self.path = Path()
        self.columns: list[str] = []

    def start(self, run: Run, step: int) -> None:
        """Keep the rows up to `step` of an earlier session."""
        self.path = run.path / self.file
        rows = [row for row in self._rows() if _step(row) <= step]
        self.columns = list(rows[0]) if rows else []
        if rows or self.path.exists():
            self._rewrite(rows)

    def log(self, record: LogRecord) -> None:
        """Add a row; a value that is new adds a column."""
        row = _row(record)
        if new := [name for name in row if name not in self.columns]:
            rows = self._rows()
            self.columns += new
            self._rewrite(rows)
        append_line(self.path, _line(row.get(name, "") for name in self.columns))

    def preview(self, step: int, path: Path) -> None:
        """Do nothing: a table holds no images."""

    def finish(self, outcome: str) -> None:
        """Do nothing: every row is written already."""

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _rows(self) -> list[dict[str, str]]:
        """Return the whole rows of the file."""
        if not self.path.is_file():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        lines = [self.columns, *([row.get(name, "") for name in self.columns] for row in rows)]
        replace_text(self.path, "".join(f"{_line(line)}\n" for line in lines if line))


def _row(record: LogRecord) -> dict[str, Any]:
    """Return the numbers of a record by the name of their column."""
    groups = {"loss": record.losses, "metric": record.metrics}
    groups |= {"lr": record.lr, "grad_norm": record.grad_norm}
    named = {f"{kind}/{name}": v for kind, group in groups.items() for name, v in group.items()}
    return {
        "step": record.step,
        "epoch": record.epoch,
        **named,
        "images_per_second": record.images_per_second,
        "data_wait": record.data_wait,
        "memory_mb": record.memory_mb,
        "skipped": record.skipped,
    }


def _step(row: Mapping[str, str]) -> float:
    """Return the step of a row; infinity if a damaged file has none."""
    text = row.get("step", "")
    return int(text) if text.isdecimal() else float("inf")


def _line(values: Iterable[Any]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()
