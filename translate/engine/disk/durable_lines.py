"""Records that several threads add to one file, with one sync for those that wait together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.disk import files


@dataclass
class DurableLines:
    """Adds records to a file from several threads; each call returns once its own is durable."""

    path: Path
    added: int = 0
    durable: int = 0
    adding: Lock = field(default_factory=Lock)
    syncing: Lock = field(default_factory=Lock)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add `record`; threads that wait for the disk at the same time share one sync."""
        with self.adding:
            files.append(self.path, record)
            self.added += 1
            mine = self.added
        with self.syncing:
            if self.durable < mine:
                added = self.added
                files.sync(self.path, name=not self.durable)
                self.durable = added
