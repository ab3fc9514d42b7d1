"""Stop or save at the next step boundary when asked to: handlers only set a flag."""

import logging
import math
import os
import signal
import socket
import threading
import time
from multiprocessing import parent_process
from types import FrameType, TracebackType

SAVING = ("SIGUSR1", "SIGUSR2", "SIGHUP")
"""signals that may ask for a checkpoint"""
STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")
"""signals that stop at the next boundary; a closed terminal sends the last, and Windows lacks it"""
GRACE = 3.0
"""seconds after a second SIGINT in which the main thread may end by itself"""

logger = logging.getLogger(__name__)


class Interrupts:
    """Notice SIGINT, SIGTERM and SIGHUP while the block runs; a second SIGINT stops at once.

    The signal `save_on` asks for a checkpoint, and `seconds` from now on time is up. A SIGHUP that
    is ignored, as `nohup` has it, stays ignored. Where the `work` at hand has a name, a message at
    once says that it is being finished, also while one operation takes minutes; and a second SIGINT
    then ends the process, whatever it is doing.
    """

    def __init__(
        self,
        *,
        save_on: str | None = None,
        seconds: float = math.inf,
        work: str = "",
    ) -> None:
        self.caught = 0
        """the first stopping signal's number, or 0"""
        self._save_on = signal.Signals[save_on] if save_on else None
        self._save = False
        self._end = time.monotonic() + seconds
        self._listener = SignalListener(work) if work else None

    def __enter__(self) -> "Interrupts":
        noticed = dict.fromkeys(_available_signals(STOPPING), self._stop)
        hangup = getattr(signal, "SIGHUP", None)
        if hangup and signal.getsignal(hangup) == signal.SIG_IGN:
            del noticed[hangup]
        if self._save_on:
            noticed[self._save_on] = self._request_save
        # Python lets no other thread notice signals
        here = threading.current_thread() is threading.main_thread()
        self._before = {
            number: signal.signal(number, handler) for number, handler in noticed.items() if here
        }
        if self._listener and here:
            self._listener.start({n for n in noticed if n != self._save_on})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener:
            self._listener.end()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def time_is_up(self) -> bool:
        """Whether the time limit is reached."""
        return time.monotonic() >= self._end

    def take_save_request(self) -> bool:
        """Return whether a checkpoint has been requested since the last call."""
        requested, self._save = self._save, False
        return requested

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.caught = self.caught or number

    def _request_save(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._save = True


class SignalListener:
    """A thread that is told of signals at once, where Python's handlers wait for an operation."""

    def __init__(self, work: str) -> None:
        self.work = work
        self.thread: threading.Thread | None = None

    def start(self, numbers: set[signal.Signals]) -> None:
        """Listen for signals of these `numbers`."""
        self.reading, self.writing = socket.socketpair()
        self.writing.setblocking(False)
        self.before = signal.set_wakeup_fd(self.writing.fileno(), warn_on_full_buffer=False)
        self.thread = threading.Thread(target=self._listen, args=(numbers,), daemon=True)
        self.thread.start()

    def end(self) -> None:
        """Listen no more."""
        if self.thread is None:
            return
        signal.set_wakeup_fd(self.before)
        thread, self.thread = self.thread, None
        self.writing.send(b"\0")
        thread.join(1)
        self.writing.close()
        self.reading.close()

    def _listen(self, numbers: set[signal.Signals]) -> None:
        count = 0
        while (data := self.reading.recv(1)) not in (b"", b"\0"):
            if data[0] not in numbers:
                continue
            count += 1
            if count == 1:
                logger.info(f"finishing {self.work}; a second Ctrl-C stops at once")
            elif data[0] == signal.SIGINT:
                time.sleep(GRACE)
                if self.thread:  # still inside of the operation
                    os._exit(128 + signal.SIGINT)


def ignore_signals_in_worker() -> None:
    """Ignore in a worker process what the main process decides on: it saves first."""
    signal.set_wakeup_fd(-1)
    for number in _available_signals((*STOPPING, *SAVING)):
        signal.signal(number, signal.SIG_IGN)


def reraise_interruption(error: BaseException) -> None:
    """Raise `error` again where it is no failure: Ctrl-C, or the end of a generator.

    What a plugin raises may be any `BaseException`, as panics of libraries in Rust are. Ctrl-C
    reaches the main thread of the first process alone: elsewhere it is the plugin's as well.
    """
    ours = parent_process() is None and threading.current_thread() is threading.main_thread()
    if isinstance(error, GeneratorExit) or (ours and isinstance(error, KeyboardInterrupt)):
        raise error


def _available_signals(names: tuple[str, ...]) -> list[signal.Signals]:
    """Return those of the signals called `names` that this system has."""
    return [signal.Signals[name] for name in names if hasattr(signal, name)]
