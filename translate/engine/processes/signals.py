"""Signals that stop training or request a checkpoint after the step; handlers only set a flag."""

import logging
import math
import os
import signal
import socket
import threading
import time
from multiprocessing import parent_process
from types import FrameType

SAVE_SIGNALS = ("SIGUSR1", "SIGUSR2", "SIGHUP")
"""signals that may request a checkpoint"""
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""signals that stop after the step; a closed terminal sends SIGHUP, which Windows lacks"""
EXIT_SECONDS = 3.0
"""seconds after a second SIGINT until the process is ended by force"""

logger = logging.getLogger(__name__)


class Interrupts:
    """Record SIGINT, SIGTERM and SIGHUP while the block runs; a second SIGINT stops at once.

    A SIGHUP that is ignored, as under `nohup`, stays ignored.

    Args:
        save_on: The name of the signal that requests a checkpoint.
        seconds: The time limit, counted from the constructor.
        work: The work that a signal does not interrupt, for the message "finishing WORK". A thread
            prints the message at the first signal. At a second SIGINT the thread ends the process,
            even if the main thread is in an operation of minutes. Empty: no message and no thread.
    """

    def __init__(
        self,
        *,
        save_on: str | None = None,
        seconds: float = math.inf,
        work: str = "",
    ) -> None:
        self.signal = 0
        """number of the first signal that requested a stop, or 0"""
        self._save_on = signal.Signals[save_on] if save_on else None
        self._save_requested = False
        self._deadline = time.monotonic() + seconds
        self._listener = SignalListener(work) if work else None

    def __enter__(self) -> "Interrupts":
        handlers = dict.fromkeys(_available_signals(STOP_SIGNALS), self._stop)
        hangup = getattr(signal, "SIGHUP", None)
        if hangup and signal.getsignal(hangup) == signal.SIG_IGN:
            del handlers[hangup]
        if self._save_on:
            handlers[self._save_on] = self._request_save
        # Python handles signals in the main thread only
        is_main = threading.current_thread() is threading.main_thread()
        self._previous_handlers = {
            number: signal.signal(number, handler)
            for number, handler in handlers.items()
            if is_main
        }
        if self._listener and is_main:
            self._listener.start({n for n in handlers if n != self._save_on})
        return self

    def __exit__(self, *error: object) -> None:
        if self._listener:
            self._listener.end()
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)

    @property
    def time_is_up(self) -> bool:
        """Whether the time limit is reached."""
        return time.monotonic() >= self._deadline

    def take_save_request(self) -> bool:
        """Return whether a checkpoint has been requested since the last call."""
        requested, self._save_requested = self._save_requested, False
        return requested

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = self.signal or number

    def _request_save(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._save_requested = True


class SignalListener:
    """A thread that receives signals during an operation that delays Python's signal handlers."""

    def __init__(self, work: str) -> None:
        self.work = work
        self.thread: threading.Thread | None = None

    def start(self, numbers: set[signal.Signals]) -> None:
        """Start the thread, for signals with these `numbers`."""
        self.read_end, self.write_end = socket.socketpair()
        self.write_end.setblocking(False)
        self.previous_fd = signal.set_wakeup_fd(self.write_end.fileno(), warn_on_full_buffer=False)
        self.thread = threading.Thread(target=self._listen, args=(numbers,), daemon=True)
        self.thread.start()

    def end(self) -> None:
        """Stop listening."""
        if self.thread is None:
            return
        signal.set_wakeup_fd(self.previous_fd)
        thread, self.thread = self.thread, None
        self.write_end.send(b"\0")
        thread.join(1)
        self.write_end.close()
        self.read_end.close()

    def _listen(self, numbers: set[signal.Signals]) -> None:
        count = 0
        while (data := self.read_end.recv(1)) not in (b"", b"\0"):
            if data[0] not in numbers:
                continue
            count += 1
            if count == 1:
                logger.info(f"finishing {self.work}; a second Ctrl-C stops at once")
            elif data[0] == signal.SIGINT:
                time.sleep(EXIT_SECONDS)
                if self.thread:  # the block has not ended
                    os._exit(128 + signal.SIGINT)


def ignore_signals_in_worker() -> None:
    """Ignore signals in a worker process: the main process saves first, then ends its workers."""
    signal.set_wakeup_fd(-1)
    for number in _available_signals((*STOP_SIGNALS, *SAVE_SIGNALS)):
        signal.signal(number, signal.SIG_IGN)


def reraise_interruption(error: BaseException) -> None:
    """Raise `error` again if it is not a failure: Ctrl-C, or the end of a generator.

    A plugin may raise any `BaseException`, such as a panic of a library in Rust. Ctrl-C reaches
    only the main thread of the main process: elsewhere a KeyboardInterrupt is a plugin's failure.
    """
    is_main = parent_process() is None and threading.current_thread() is threading.main_thread()
    if isinstance(error, GeneratorExit) or (is_main and isinstance(error, KeyboardInterrupt)):
        raise error


def _available_signals(names: tuple[str, ...]) -> list[signal.Signals]:
    """Return the signals called `names` that this system has."""
    return [signal.Signals[name] for name in names if hasattr(signal, name)]
