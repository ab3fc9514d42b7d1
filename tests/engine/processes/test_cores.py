"""The number of threads for other inference engines: that of a variable, or of free cores."""

import pytest

from translate.engine.processes import cores


@pytest.mark.parametrize(("value", "count"), [("3", 3), ("", 7), ("0", 7), ("many", 7)])
def test_a_variable_takes_precedence_over_the_cores(
    value: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    monkeypatch.setattr(cores, "available_cores", lambda: 7)
    assert cores.thread_limit() == count


def test_at_least_one_core_is_available() -> None:
    assert cores.available_cores() >= 1
