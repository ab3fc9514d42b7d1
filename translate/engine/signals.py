"""Stop at the next step boundary when asked to: handlers only set a flag."""

import signal
from types import FrameType, TracebackType


class Interrupts:
    """Notice SIGINT and SIGTERM while the block runs; a second SIGINT stops at once."""

    def __init__(self) -> None:
        self.caught = 0
        """the first signal's number, or 0"""

    def __enter__(self) -> "Interrupts":
        self._before = {
            number: signal.signal(number, self._notice)
            for number in (signal.SIGINT, signal.SIGTERM)
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

    def _notice(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.caught = self.caught or number
