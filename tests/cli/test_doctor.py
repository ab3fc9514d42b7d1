"""`translate doctor` prints the findings, and its exit code says whether anything is broken."""

from collections.abc import Callable

import pytest
from command_result import CommandResult

from translate.insight import environment
from translate.insight.environment import Finding


def test_the_command_exits_2_where_something_is_broken(
    run_command: Callable[..., CommandResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_command("doctor")
    assert (whole.code, whole.err) == (0, "")
    assert "translate-kit  " in whole.out
    broken = Finding("torch", "broken", "it is", "mend it")
    monkeypatch.setattr(environment, "CHECKS", (lambda: iter([broken]),))
    outcome = run_command("doctor", "--quiet")
    assert outcome.code == 2
    assert outcome.out.split() == ["!", "torch", "it", "is", "mend", "it"]
    assert '"state": "broken"' in run_command("doctor", "--json").out
