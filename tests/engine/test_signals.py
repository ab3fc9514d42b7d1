"""Signals set a flag; only a second SIGINT stops at once."""

import os
import signal

import pytest

from translate.engine.signals import Interrupts


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
