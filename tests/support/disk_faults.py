"""A disk that fails, fills up or loses its process at any one operation."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from translate.errors import TranslateError

COUNTED_CALLS = (
    "open",
    "write",
    "fsync",
    "replace",
    "rename",
    "mkdir",
    "unlink",
    "rmdir",
    "ftruncate",
)
Fault = Callable[[str, tuple[Any, ...], Callable[..., Any]], Any]
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class ProcessKilled(BaseException):
    """The process is gone: nothing that it would have done afterwards happens."""


class FaultyDisk:
    """Counts what is done to the disk; at operation number `at` it does `fault`, if told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at = 0
        self.fault: Fault | None = None
        self.always = False
        self.seen: list[str] = []
        for name in COUNTED_CALLS:
            monkeypatch.setattr(os, name, self._counted(name, getattr(os, name)))

    def arm(self, at: int, fault: Fault, *, always: bool = False) -> None:
        """Count from 1 again, and do `fault` at operation `at`, or from it on."""
        self.count, self.at, self.fault, self.seen = 0, at, fault, []
        self.always = always or fault is kill_process

    def disarm(self) -> None:
        """Work as disks should."""
        self.fault = None

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if self.fault is None or (name == "open" and not given[1] & WRITE_FLAGS):
                return real(*given, **named)
            if name == "write" and not stat.S_ISREG(os.fstat(given[0]).st_mode):
                return real(*given, **named)  # a terminal or a pipe
            self.count += 1
            self.seen.append(name)
            return (
                self.fault(name, given, partial(real, **named))
                if self._due()
                else real(*given, **named)
            )

        return call

    def _due(self) -> bool:
        return self.count >= self.at > 0 if self.always else self.count == self.at


def kill_process(name: str, given: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """End the process in the middle of an operation: half of a write has happened."""
    if name == "write":
        real(given[0], given[1][: len(given[1]) // 2])
    raise ProcessKilled


def fail_with(number: int) -> Fault:
    """Return a fault that raises this errno; a write has half happened."""

    def raise_(name: str, given: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        if name == "write":
            real(given[0], given[1][: len(given[1]) // 2])
        raise OSError(number, os.strerror(number))

    return raise_


def short_write(name: str, given: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Write only a part, which the operating system may always do."""
    if name == "write" and len(given[1]) > 1:
        return real(given[0], given[1][: len(given[1]) // 2])
    return real(*given)


def flip_bit(name: str, given: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Write other bytes than were given, and say nothing."""
    if name == "write" and len(given[1]) > 1:
        return real(given[0], bytes([given[1][0] ^ 1, *given[1][1:]]))
    return real(*given)


def no_space(name: str, given: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Refuse what needs room; the rest of the disk works."""
    if name in ("open", "write", "mkdir"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return real(*given)


disk_full, io_error = fail_with(errno.ENOSPC), fail_with(errno.EIO)


def each_operation(
    disk: FaultyDisk, prepare: Callable[[], object], act: Callable[[], object]
) -> Iterator[tuple[int, Callable[[Fault], BaseException | None]]]:
    """Yield the number of each operation of `act`, and what runs it with a fault just there."""
    prepare()
    disk.arm(0, short_write)
    act()
    disk.disarm()
    total = disk.count
    assert total >= 2, disk.seen
    for number in range(1, total + 1):
        prepare()

        def run(fault: Fault, number: int = number) -> BaseException | None:
            disk.arm(number, fault)
            try:
                act()
            except (OSError, TranslateError, ProcessKilled) as error:
                return error
            finally:
                disk.disarm()
            return None

        yield number, run
