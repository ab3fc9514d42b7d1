"""What all rules use: requirements, comparison of states, and a record of opened files."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from traceback import walk_stack
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from translate.contract.attributes import differing_names
from translate.engine.plugins.errors import CodeLine, innermost_place

_accesses: ContextVar[list["ExternalAccess"] | None] = ContextVar("_accesses", default=None)


class ExternalAccess(NamedTuple):
    """A file that was opened, or a network address that was requested."""

    address: str
    """path of the file, or network address"""
    frames: list[tuple[FrameType, int]]
    """frame and line of each caller, the outermost first"""


class RuleError(AssertionError):
    """A plugin breaks a rule; `place` is the line of the plugin."""

    def __init__(self, message: str, place: CodeLine | None = None) -> None:
        super().__init__(message)
        self.place = place


def require(condition: Any, message: str) -> None:
    """Raise `AssertionError` with `message`, which says what to change, if `condition` is false."""
    if not condition:
        raise AssertionError(message)


def require_equal(before: Mapping[str, Any], after: Mapping[str, Any], message: str) -> None:
    """Require that two states are bitwise equal; `{}` in `message` becomes the differing key."""
    for key in differing_names(before, after):
        raise AssertionError(message.format(key))


def random_pixels(*shape: int) -> Tensor:
    """Return random pixels in [-1, 1]; equal shapes give equal pixels."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape))) * 2 - 1


@contextmanager
def record_io() -> Iterator[list[ExternalAccess]]:
    """Yield a list; each file opened and address requested in the block is added to it.

    Files of Python modules are not added, as a constructor may import.
    """
    _add_audit_hook()
    accesses: list[ExternalAccess] = []
    token = _accesses.set(accesses)
    try:
        yield accesses
    finally:
        _accesses.reset(token)


@cache
def _add_audit_hook() -> None:
    sys.addaudithook(_record_access)  # Python cannot remove it, so it is added once


def _record_access(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("open", "socket.connect", "socket.getaddrinfo", "urllib.Request"):
        return
    if (accesses := _accesses.get()) is None:
        return
    address = str(arguments[1] if event == "socket.connect" else arguments[0])
    is_system = address.startswith(("/dev/", "/proc/", "/sys/")) or isinstance(arguments[0], int)
    if event != "open" or not (is_system or address.endswith((".py", ".pyc", ".so"))):
        stack = list(walk_stack(sys._getframe(1)))
        accesses.append(ExternalAccess(address, stack[::-1]))


def require_no_io(accesses: list[ExternalAccess], owner: object) -> None:
    """Require that a constructor opened no file and requested no address."""
    if accesses:
        names = ", ".join(access.address for access in accesses[:3])
        place = innermost_place(accesses[0].frames, owner)
        raise RuleError(f"It opened {names}: open files and connections at first use.", place)
