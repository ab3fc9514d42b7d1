"""The tracker csv: the log of a training as a table in the run folder."""

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
        """Remove rows of an earlier session after `step`, from which training is resumed."""
        self.path = run.path / self.file
        rows = [row for row in self._complete_rows() if _step_of(row) <= step]
        self.columns = list(rows[0]) if rows else []
        if rows or self.path.exists():
            self._rewrite(rows)

    def log(self, record: LogRecord) -> None:
        """Add a row; a value of a new name adds a column."""
        row = _values_by_column(record)
        if new_columns := [name for name in row if name not in self.columns]:
            rows = self._complete_rows()
            self.columns += new_columns
            self._rewrite(rows)
        append_line(self.path, _csv_line(row.get(name, "") for name in self.columns))

    def preview(self, step: int, path: Path) -> None:
        """Do nothing: a table has no images."""

    def finish(self, outcome: str) -> None:
        """Do nothing: every row is written already."""

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _complete_rows(self) -> list[dict[str, str]]:
        """Return the complete rows of the file; the last one may have been interrupted."""
        if not self.path.is_file():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        table = [self.columns, *([row.get(name, "") for name in self.columns] for row in rows)]
        replace_text(self.path, "".join(f"{_csv_line(cells)}\n" for cells in table if cells))


def _values_by_column(record: LogRecord) -> dict[str, Any]:
    """Return the values of a line of the log by the names of their columns."""
    groups = {"loss": record.losses, "metric": record.metrics}
    groups |= {"lr": record.lr, "grad_norm": record.grad_norm}
    grouped_values = {
        f"{group}/{name}": value for group in groups for name, value in groups[group].items()
    }
    return {
        "step": record.step,
        "epoch": record.epoch,
        **grouped_values,
        "images_per_second": record.images_per_second,
        "data_wait": record.data_wait,
        "memory_mb": record.memory_mb,
        "skipped": record.skipped,
    }


def _step_of(row: Mapping[str, str]) -> float:
    """Return the step of a row; infinity if a damaged file has none."""
    text = row.get("step", "")
    return int(text) if text.isdecimal() else float("inf")


def _csv_line(values: Iterable[Any]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()
