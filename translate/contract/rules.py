"""What every rule is made of: how it complains, how states are compared, which files are opened."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from translate.engine.plugins.errors import Place, innermost

_heard: ContextVar[list["Access"] | None] = ContextVar("_heard", default=None)


class Access(NamedTuple):
    """A file that was opened, or an address that was asked for."""

    what: str
    frames: list[tuple[FrameType, int]]
    """who asked, the outermost caller first"""


class RuleError(AssertionError):
    """A rule that is broken, with the line of the plugin that breaks it."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


def require(condition: Any, otherwise: str) -> None:
    """Raise `AssertionError` unless `condition` holds; `otherwise` says what to change."""
    if not condition:
        raise AssertionError(otherwise)


def require_equal(before: Mapping[str, Any], after: Mapping[str, Any], otherwise: str) -> None:
    """Hold that two states are equal, bit for bit; `otherwise` has a {} for what is not."""
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            same = one.dtype == other.dtype and one.shape == other.shape
            same = same and torch.equal(one.nan_to_num(), other.nan_to_num())
        else:
            same = type(one) is type(other) and one == other
        require(same, otherwise.format(key))


def random_pixels(*shape: int) -> Tensor:
    """Return pixels in [-1, 1] that are the same for the same shape."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape))) * 2 - 1


@contextmanager
def record_io() -> Iterator[list[Access]]:
    """Yield a list that fills with the files and addresses that are asked for meanwhile.

    Python's own modules do not count: a constructor may import.
    """
    _eavesdrop()
    heard: list[Access] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


@cache
def _eavesdrop() -> None:
    sys.addaudithook(_note)  # for good, as Python has it: so only a check adds it, and only once


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("open", "socket.connect", "socket.getaddrinfo", "urllib.Request"):
        return
    if (heard := _heard.get()) is None:
        return
    what = str(arguments[1] if event == "socket.connect" else arguments[0])
    system = what.startswith(("/dev/", "/proc/", "/sys/")) or isinstance(arguments[0], int)
    if event != "open" or not (system or what.endswith((".py", ".pyc", ".so"))):
        frame: FrameType | None = sys._getframe(1)
        frames = []
        while frame:
            frames.append((frame, frame.f_lineno))
            frame = frame.f_back
        heard.append(Access(what, frames[::-1]))


def require_no_io(heard: list[Access], owner: object) -> None:
    """Hold that nothing was asked for in a constructor."""
    if heard:
        asked = ", ".join(access.what for access in heard[:3])
        place = innermost(heard[0].frames, owner)
        raise RuleError(f"It asked for {asked}: load such things at first use.", place)
