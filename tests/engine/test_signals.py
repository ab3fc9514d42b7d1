"""Signals set a flag; only a second SIGINT stops at once."""

import os
import signal

import pytest

from translate.engine.signals import SAVE, TIME, Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_nothing_else_happens(number: int) -> None:
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        assert interrupts.caught == 0
        os.kill(os.getpid(), number)
        assert interrupts.caught == number
    assert signal.getsignal(number) is before
    assert interrupts.caught == number


def test_a_second_sigint_stops_at_once() -> None:
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.caught == signal.SIGTERM


def test_more_sigterms_are_one() -> None:
    with Interrupts() as interrupts:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.caught == signal.SIGTERM


def test_handlers_are_put_back_after_an_exception() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), Interrupts():
        _ = 1 / 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_wish_to_save_is_heard_once_and_stops_nothing() -> None:
    with Interrupts(save_on="SIGUSR1") as interrupts:
        assert interrupts.wish() == 0
        os.kill(os.getpid(), signal.SIGUSR1)
        assert [interrupts.wish(), interrupts.wish()] == [SAVE, 0]
        assert interrupts.caught == 0


def test_time_that_is_up_is_a_wish_to_stop_and_so_is_a_signal() -> None:
    assert Interrupts(seconds=0).wish() == TIME
    with Interrupts(seconds=60) as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        assert [interrupts.wish(), interrupts.wish()] == [signal.SIGTERM] * 2
