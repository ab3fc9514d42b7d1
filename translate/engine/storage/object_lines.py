"""JSON lines in an object store, which cannot append to objects: they are written as a whole."""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.storage.storage import Storage

MAX_LINES = 1000
"""number of lines after which a new object begins"""
FLUSH_SECONDS = 5.0
"""interval at which buffered lines are written"""

Write = Callable[[Path, bytes], None]


@dataclass
class DurableObjectLines:
    """Adds records from several threads; `add` returns when the record is in the store.

    Threads that wait at the same time share one object. The name of an object has a random token
    for this process: ``done.jsonl`` becomes ``done-1f2e3d4c-000001.jsonl``.
    """

    path: Path
    write: Write
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    lines: list[str] = field(default_factory=list)
    number: int = 1
    line_count: int = 0
    durable_count: int = 0
    add_lock: Lock = field(default_factory=Lock)
    sync_lock: Lock = field(default_factory=Lock)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add `record`; raises `OSError` if it cannot be written."""
        line = json.dumps(record)
        with self.add_lock:
            self.lines.append(line)
            self.line_count += 1
            number = self.line_count
        with self.sync_lock:
            if self.durable_count >= number:
                return
            with self.add_lock:
                lines, count = list(self.lines), self.line_count
            name = f"{self.path.stem}-{self.token}-{self.number:06}{self.path.suffix}"
            self.write(self.path.with_name(name), encode(lines))
            self.durable_count = count
            if len(lines) >= MAX_LINES:
                with self.add_lock:
                    del self.lines[: len(lines)]
                self.number += 1

    def close(self) -> None:
        """Do nothing: each line is durable."""


@dataclass
class BufferedObjectLines:
    """Adds records to one object, which is written every few seconds."""

    path: Path
    write: Write
    lines: list[str] = field(default_factory=list)
    written_count: int = 0
    last_write: float = field(default_factory=time.monotonic)

    def add(self, record: Mapping[str, Any]) -> None:
        self.lines.append(json.dumps(record))
        if time.monotonic() - self.last_write > FLUSH_SECONDS:
            self.close()

    def close(self) -> None:
        """Write the lines; raises `OSError`."""
        self.last_write = time.monotonic()
        if self.written_count < len(self.lines):
            self.write(self.path, encode(self.lines))
            self.written_count = len(self.lines)


def read_lines_of(storage: Storage, paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of several files of lines; files in a store are read in parallel.

    Raises `CheckpointError` if a file cannot be read.
    """
    if not storage.threads:
        for path in paths:
            yield from storage.read_lines(path)
        return
    with ThreadPoolExecutor(storage.threads) as pool:
        for start in range(0, len(paths), storage.threads):  # so that few files are in memory
            group = paths[start : start + storage.threads]
            for lines in pool.map(lambda path: list(storage.read_lines(path)), group):
                yield from lines


def encode(lines: Iterable[str | Mapping[str, Any]]) -> bytes:
    """Return the content of a file of `lines`, of text or of records."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return "".join(f"{text}\n" for text in texts).encode()
