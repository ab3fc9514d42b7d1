"""Stop or save at the next step boundary when asked to: handlers only set a flag."""

import math
import signal
import time
from threading import current_thread, main_thread
from types import FrameType, TracebackType

SAVE, TIME, STOP = 1, 1000, 1001
"""wishes that are no stopping signal; of several wishes the largest counts"""
SAVING = ("SIGUSR1", "SIGUSR2", "SIGHUP")
"""signals that may ask for a checkpoint"""


class Interrupts:
    """Notice SIGINT and SIGTERM while the block runs; a second SIGINT stops at once.

    The signal `save_on` asks for a checkpoint, and `seconds` from now on time is up.
    """

    def __init__(self, *, save_on: str | None = None, seconds: float = math.inf) -> None:
        self.caught = 0
        """the first stopping signal's number, or 0"""
        self._save_on = signal.Signals[save_on] if save_on else None
        self._save = False
        self._end = time.monotonic() + seconds

    def __enter__(self) -> "Interrupts":
        noticed = {signal.SIGINT: self._stop, signal.SIGTERM: self._stop}
        if self._save_on:
            noticed[self._save_on] = self._ask
        here = current_thread() is main_thread()  # Python lets no other thread notice signals
        self._before = {
            number: signal.signal(number, handler) for number, handler in noticed.items() if here
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wish(self) -> int:
        """Return what is asked for: TIME, a stopping signal's number, SAVE once, or 0."""
        if time.monotonic() >= self._end:
            return TIME
        saving, self._save = self._save, False
        return self.caught or (SAVE if saving else 0)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.caught = self.caught or number

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._save = True


def leave_to_main() -> None:
    """Ignore in a worker process what the main process decides on: it saves first."""
    for number in (signal.SIGINT, signal.SIGTERM, *(signal.Signals[name] for name in SAVING)):
        signal.signal(number, signal.SIG_IGN)
