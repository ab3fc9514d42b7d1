"""Signals set a flag, except that a second SIGINT stops at once."""

import os
import signal
import subprocess
import sys
import time

import pytest

from translate.engine.processes.signals import Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_recorded_and_does_not_interrupt(number: int) -> None:
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        assert interrupts.signal == 0
        os.kill(os.getpid(), number)
        assert interrupts.signal == number
    assert signal.getsignal(number) is before
    assert interrupts.signal == number


def test_a_second_sigint_stops_at_once() -> None:
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.signal == signal.SIGTERM


def test_repeated_sigterms_do_not_interrupt() -> None:
    with Interrupts() as interrupts:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.signal == signal.SIGTERM


def test_handlers_are_restored_after_an_exception() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), Interrupts():
        _ = 1 / 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_may_request_a_checkpoint_without_a_stop() -> None:
    with Interrupts(save_on="SIGUSR1") as interrupts:
        assert not interrupts.take_save_request()
        os.kill(os.getpid(), signal.SIGUSR1)
        requests = [interrupts.take_save_request() for _ in range(2)]
        assert requests == [True, False]
        assert interrupts.signal == 0


def test_a_time_limit_and_the_first_signal_are_kept() -> None:
    assert Interrupts(seconds=0).time_is_up
    with Interrupts(seconds=60) as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
        assert (interrupts.time_is_up, interrupts.signal) == (False, signal.SIGTERM)


def test_T25_a_hangup_is_handled_as_a_termination() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGHUP)
        assert interrupts.signal == signal.SIGHUP
    assert signal.getsignal(signal.SIGHUP) is before


def test_T25_a_hangup_ignored_by_nohup_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interrupts.signal
        with Interrupts(save_on="SIGHUP") as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.take_save_request()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_message_states_at_once_that_the_current_step_is_finished_first(
    messages: list[str],
) -> None:
    with Interrupts(work="this step") as interrupts:
        assert not messages
        os.kill(os.getpid(), signal.SIGINT)
        deadline = time.monotonic() + 10
        while not messages and time.monotonic() < deadline:
            time.sleep(0.01)
        assert interrupts.signal == signal.SIGINT
    assert messages == ["finishing this step; a second Ctrl-C stops at once"]
    assert signal.set_wakeup_fd(-1) == -1


SUPPRESS_INTERRUPTS = """
import os, signal, threading, time
from translate.engine.processes import signals

def send_two_signals():
    for _ in range(2):
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

signals.EXIT_SECONDS = 0.1
threading.Thread(target=send_two_signals, daemon=True).start()
with signals.Interrupts(work="this step"):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            time.sleep(30)
        except KeyboardInterrupt:
            pass
"""
"""program with a main thread that does not react to signals for 30 s, as in a long operation"""


def test_a_second_sigint_ends_a_process_within_one_long_operation() -> None:
    start, command = time.monotonic(), [sys.executable, "-c", SUPPRESS_INTERRUPTS]
    result = subprocess.run(command, check=False, capture_output=True)
    assert result.returncode == 130
    assert time.monotonic() - start < 25
