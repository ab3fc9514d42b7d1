"""Stop at the next step boundary when asked to: handlers only set a flag."""

import signal
from threading import current_thread, main_thread
from types import FrameType, TracebackType


class Interrupts:
    """Notice SIGINT and SIGTERM while the block runs; a second SIGINT stops at once."""

    def __init__(self) -> None:
        self.caught = 0
        """the first signal's number, or 0"""

    def __enter__(self) -> "Interrupts":
        here = current_thread() is main_thread()  # Python lets no other thread notice signals
        noticed = (signal.SIGINT, signal.SIGTERM) if here else ()
        self._before = {number: signal.signal(number, self._notice) for number in noticed}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _notice(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.caught = self.caught or number
