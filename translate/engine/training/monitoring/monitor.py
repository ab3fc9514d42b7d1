"""Messages on failures of training, such as mode collapse: each failure is logged once."""

import logging
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from translate.engine.diagnosis.all_detectors import PREVIEW_DETECTORS, detect_in_log
from translate.engine.diagnosis.detection import DIVERGING, SKIPPED, Detection
from translate.engine.diagnosis.log import Log
from translate.engine.diagnosis.preview import PREVIEWS, Preview, persistent
from translate.run import LogRecord

MAX_RATE = 1.0
"""learning rate above which training is expected to diverge"""
FIRST_RECORDS, NEWEST_RECORDS = 4, 200
"""numbers of log records that are examined: the first of the session, and the newest"""

logger = logging.getLogger(__name__)


class TrainingMonitor:
    """Examines each record of the log and each preview, as `translate doctor` does later.

    Args:
        rates: the learning rates by player, before any schedule.
        run: the run folder.
        end: the step at which training ends.
        memory_limit_mb: the memory limit in MiB; 0 if it is unknown.
        better: ``min`` or ``max`` for each metric value.
    """

    def __init__(
        self,
        rates: Mapping[str, float],
        run: Path,
        end: int,
        memory_limit_mb: int = 0,
        better: Mapping[str, str] | None = None,
    ) -> None:
        self.rates, self.run, self.end, self.better = rates, run, end, better or {}
        self.memory_limit_mb = memory_limit_mb
        self.first_records: list[LogRecord] = []
        self.records: deque[LogRecord] = deque(maxlen=NEWEST_RECORDS)
        self.previews: deque[Preview] = deque(maxlen=PREVIEWS)
        """the newest previews, the newest first"""
        self.reported_failures = {SKIPPED}
        """failures that were logged already; `IntervalLog` logs skipped turns"""

    def check_rates(self) -> None:
        """Log a warning of learning rates that are too high."""
        high = {player: rate for player, rate in self.rates.items() if rate > MAX_RATE}
        if high:
            too_high = " and ".join(f"{player} is {rate:g}" for player, rate in high.items())
            self.reported_failures.add(DIVERGING)
            logger.info(
                f"the learning rate of {too_high}: training will probably diverge. Set a lower "
                "one, usually 1e-05 to 1e-02."
            )

    def check_record(self, record: LogRecord) -> None:
        """Examine a new record together with earlier ones."""
        if len(self.first_records) < FIRST_RECORDS:
            self.first_records.append(record)
        else:
            self.records.append(record)
        log = Log([*self.first_records, *self.records], self.end)
        limit = self.memory_limit_mb
        for detection in detect_in_log(log, memory_limit_mb=limit, better=self.better):
            self._report(record.step, detection)

    def check_preview(self, preview: Preview) -> None:
        """Examine a new preview together with earlier ones."""
        self.previews.appendleft(preview)
        for detector in PREVIEW_DETECTORS:
            for detection in persistent(detector, self.previews):
                self._report(preview.step, detection)

    def _report(self, step: int, detection: Detection) -> None:
        if detection.failure in self.reported_failures:
            return
        self.reported_failures.add(detection.failure)
        logger.info(
            f"step {step}: {detection.failure}: {detection.evidence}. "
            f"What to set: translate doctor {self.run}"
        )
