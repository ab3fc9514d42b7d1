"""Inject disk failures and process kills at any single file operation."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from translate.errors import TranslateError

COUNTED_CALLS = (
    *("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir"),
    "ftruncate",
)
Fault = Callable[[str, tuple[Any, ...], Callable[..., Any]], Any]
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class ProcessKilled(BaseException):
    """Simulates SIGKILL: no file operation happens afterwards."""


class FaultyDisk:
    """Counts file operations, and injects `fault` at operation number `at` when armed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at = 0
        self.fault: Fault | None = None
        self.always = False
        self.operations: list[str] = []
        for name in COUNTED_CALLS:
            monkeypatch.setattr(os, name, self._count_calls(name, getattr(os, name)))

    def arm(self, at: int, fault: Fault, *, always: bool = False) -> None:
        """Restart the count at 1, and inject `fault` at operation `at`, or `always` after it."""
        self.count, self.at, self.fault, self.operations = 0, at, fault, []
        self.always = always or fault is kill_process

    def disarm(self) -> None:
        """Stop injecting faults."""
        self.fault = None

    def _count_calls(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self.fault is None or (name == "open" and not arguments[1] & WRITE_FLAGS):
                return real(*arguments, **options)
            if name == "write" and not stat.S_ISREG(os.fstat(arguments[0]).st_mode):
                return real(*arguments, **options)  # a terminal or a pipe
            self.count += 1
            self.operations.append(name)
            if self._is_due():
                return self.fault(name, arguments, partial(real, **options))
            return real(*arguments, **options)

        return call

    def _is_due(self) -> bool:
        return self.count >= self.at > 0 if self.always else self.count == self.at


def kill_process(name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Kill the process during an operation; half of the bytes of a write are written."""
    write_half(name, arguments, real)
    raise ProcessKilled


def write_half(name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> None:
    """Write half of the bytes, if the operation is a write."""
    if name == "write":
        real(arguments[0], arguments[1][: len(arguments[1]) // 2])


def fail_with(number: int) -> Fault:
    """Return a fault that raises `OSError(number)`, after half of the bytes of a write."""

    def raise_(name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        write_half(name, arguments, real)
        raise OSError(number, os.strerror(number))

    return raise_


def short_write(name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Write only half of the bytes, as the operating system may."""
    if name == "write" and len(arguments[1]) > 1:
        return real(arguments[0], arguments[1][: len(arguments[1]) // 2])
    return real(*arguments)


def flip_bit(name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Write with one bit flipped, without an error."""
    if name == "write" and len(arguments[1]) > 1:
        return real(arguments[0], bytes([arguments[1][0] ^ 1, *arguments[1][1:]]))
    return real(*arguments)


def no_space(name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
    """Fail with ENOSPC if the operation needs disk space."""
    if name in ("open", "write", "mkdir"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return real(*arguments)


disk_full, io_error = fail_with(errno.ENOSPC), fail_with(errno.EIO)


def each_operation(
    disk: FaultyDisk, prepare: Callable[[], object], act: Callable[[], object]
) -> Iterator[tuple[int, Callable[[Fault], BaseException | None]]]:
    """Yield the number of each file operation of `act`, with a function that injects a fault there.

    `prepare` restores the files before each. The function returns the exception of `act`, if any.
    """
    prepare()
    disk.arm(0, short_write)
    act()
    disk.disarm()
    count = disk.count
    assert count >= 2, disk.operations
    for number in range(1, count + 1):
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
