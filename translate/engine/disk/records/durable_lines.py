"""Append records to a file from several threads, which share syncs of the disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.disk import files


@dataclass
class DurableLines:
    """Adds records to a file from several threads; a call returns when its record is durable."""

    path: Path
    line_count: int = 0
    durable_count: int = 0
    add_lock: Lock = field(default_factory=Lock)
    sync_lock: Lock = field(default_factory=Lock)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add `record`; threads that wait at the same time share one sync."""
        with self.add_lock:
            files.append(self.path, record)
            self.line_count += 1
            own_line = self.line_count
        with self.sync_lock:
            if self.durable_count < own_line:
                line_count = self.line_count
                files.sync(self.path, name=not self.durable_count)
                self.durable_count = line_count

    def close(self) -> None:
        """Do nothing: each line is durable."""
