"""The history of a run, read from its folder: log, previews, configuration."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from translate.batches import ImageSpec
from translate.engine.checkpoints import read, retention
from translate.engine.config import layers, yaml_text
from translate.engine.config.renamed import current_document
from translate.engine.config.schema import Config
from translate.engine.diagnosis import sheets
from translate.engine.diagnosis.detectors.curves import EVALUATION
from translate.engine.diagnosis.log import Log
from translate.engine.diagnosis.preview import PREVIEWS, Preview
from translate.engine.disk.records import json_files
from translate.engine.runs.run_record import read_last_session
from translate.errors import BadImage, CheckpointError, TranslateError
from translate.run import LogRecord

MIN_RECORDS = 8
"""number of lines of the log that most detectors need"""


class History:
    """The records of a run; `omissions` has a line for each record that cannot be examined."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.omissions: list[str] = []
        self.spec: ImageSpec | None = None
        """the images that the newest checkpoint was trained on"""
        self.better: dict[str, str] = {}
        """for the metric that chooses the best checkpoint, whether ``min`` or ``max`` is better"""
        self.resumable = False
        """whether training can continue from the newest checkpoint"""
        self.config = self._config()
        records = self._records()
        self.log = Log(records, self._end(records))
        self.rows = self._rows()
        self.sheets = sheets.list_sheets(run) if self.rows else []
        if self.rows and len(self.sheets) < PREVIEWS:
            self.omissions.append(
                f"images: {len(self.sheets)} previews, expected {PREVIEWS} or more"
            )
        self.read = cache(self._read)
        self.memory_limit_mb = self._memory_limit()
        if not any(name.startswith(EVALUATION) for name in self.log.names("metrics")):
            self.add_omission("overfitting: nothing was evaluated during training")

    def add_omission(self, line: str) -> None:
        """Add a line to `omissions` unless it is there."""
        if line not in self.omissions:
            self.omissions.append(line)

    def previews(self) -> Iterator[Preview]:
        """Yield the previews that can be read, from the newest to the oldest."""
        for step, path in self.sheets:
            if preview := self.read(step, path):
                yield preview

    def _read(self, step: int, path: Path) -> Preview | None:
        try:
            return sheets.read_sheet(step, path, self.rows)
        except BadImage as error:
            self.omissions.append(f"the preview of step {step}: {error}")
            return None

    def _config(self) -> Config | None:
        """Return the configuration of the newest checkpoint, or else that of ``config.yaml``."""
        try:
            path, _ = retention.newest_checkpoint(self.run, training=False)
            self.resumable = retention.is_whole(path)
            checkpoint = read.read_checkpoint(path)
            self.spec = checkpoint.spec
            if best := checkpoint.description.get("best"):
                self.better = dict([best])
            return checkpoint.config
        except TranslateError as error:
            self.omissions.append(f"weights: {error}")
        try:
            document = yaml_text.read(str(self.run / "config.yaml"))
            return layers.resolve(config=current_document(document))
        except TranslateError as error:
            self.omissions.append(f"no setting can be proposed: {error}")
            return None

    def _records(self) -> list[LogRecord]:
        records: list[LogRecord] = []
        damaged = 0
        try:
            for line in json_files.iterate_lines(self.run / "log.jsonl"):
                record = parse_record(line)
                if record is None or (records and record.step <= records[-1].step):
                    damaged += 1
                else:
                    records.append(record)
        except CheckpointError as error:
            self.omissions.append(f"losses and gradients: {error}")
            return records
        if damaged:
            self.omissions.append(f"{damaged} lines of log.jsonl: they are damaged")
        if len(records) < MIN_RECORDS:
            state = "is missing" if not os.path.lexists(self.run / "log.jsonl") else (
                f"has {len(records)} usable lines, expected {MIN_RECORDS} or more"
            )  # fmt: skip
            self.omissions.append(f"losses and gradients: log.jsonl {state}")
        return records

    def _end(self, records: Sequence[LogRecord]) -> int:
        """Return the step at which training ends, as far as that is known."""
        last = records[-1] if records else None
        if not self.config or not last:
            return last.step if last else 0
        train = self.config.train
        if train.epochs and last.epoch:
            return max(last.step, round(train.epochs / last.epoch * last.step))
        return max(last.step, train.steps or 0)

    def _rows(self) -> list[sheets.PreviewRow]:
        try:
            return sheets.read_rows(self.run)
        except CheckpointError as error:
            self.omissions.append(f"images: {error}")
            return []

    def _memory_limit(self) -> int:
        try:
            session = read_last_session(self.run)
        except CheckpointError as error:
            self.omissions.append(f"memory: {error}")
            return 0
        return int(session.get("memory_limit_mb") or 0)


def read_history(run: Path) -> History:
    """Return the history of `run`; raises `CheckpointError` if it is no run folder."""
    with json_files.readable(run):
        is_run = run.is_dir() and any(
            os.path.lexists(run / name) for name in ("config.yaml", "log.jsonl", "checkpoints")
        )
    if not is_run:
        raise CheckpointError(
            f"{run} is no run folder: expected one that `translate train` has written."
        )
    return History(run)


def parse_record(line: Mapping[str, Any]) -> LogRecord | None:
    """Return a line of the log as a record, with NaN for invalid numbers; None if damaged."""
    step = line.get("step")
    if type(step) is not int or step < 1:
        return None
    files_by_step = line.get("skipped_files")
    if not isinstance(files_by_step, Mapping):
        files_by_step = {}
    return LogRecord(
        step=step,
        epoch=_number(line.get("epoch")),
        losses=_numbers(line.get("losses")),
        lr=_numbers(line.get("lr")),
        grad_norm=_numbers(line.get("grad_norm")),
        images_per_second=_number(line.get("images_per_second")),
        data_wait=_number(line.get("data_wait")),
        memory_mb=_count(line.get("memory_mb")),
        threads=_count(line.get("threads")),
        skipped=_count(line.get("skipped")),
        metrics=_numbers(line.get("metrics")),
        skipped_files={
            str(skipped_step): [str(file) for file in files]
            for skipped_step, files in files_by_step.items()
            if isinstance(files, list)
        },
        first_losses=_numbers(line.get("first_losses")),
    )


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) and abs(value) < 1e300 else math.nan


def _numbers(values: Any) -> dict[str, float]:
    return {str(n): _number(v) for n, v in values.items()} if isinstance(values, Mapping) else {}


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 1 << 62 else 0
