"""`translate doctor` prints findings about the installation or a run; its exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints
from command_result import CommandResult

from translate.engine.disk import files
from translate.insight import environment
from translate.insight.environment import Finding

Run = Callable[..., CommandResult]


def test_a_broken_installation_is_exit_code_2(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    intact = run_command("doctor")
    assert (intact.code, intact.err) == (0, "")
    assert "translate-kit  " in intact.out
    broken = Finding("torch", "broken", "it is", "mend it")
    monkeypatch.setattr(environment, "CHECKS", (lambda: iter([broken]),))
    result = run_command("doctor", "--quiet")
    assert result.code == 2
    assert result.out.split() == ["!", "torch", "it", "is", "mend", "it"]
    assert '"state": "broken"' in run_command("doctor", "--json").out


def test_a_run_with_a_failure_exits_3_with_evidence_and_command(
    run_command: Run, tmp_path: Path
) -> None:
    small_checkpoints.cyclegan(tmp_path / "run")
    record = {"losses": {"discriminators/target": 1e-6}, "lr": {"generators": 2e-4}}
    for step in range(50, 550, 50):
        files.append(tmp_path / "run/log.jsonl", {"step": step, **record})
    result = run_command("doctor", "run")
    assert result.code == 3
    lines = result.out.splitlines()
    assert lines[0] == "! discriminator saturated, since step 1"
    assert lines[1].startswith("    evidence  the losses of discriminators have been below 0.0001")
    assert lines[2].startswith("    set       options.adversarial={name: lsgan, label_smoothing")
    assert lines[3].startswith("    command   translate train --init run --set ")
    assert "- not examined: images: " in result.out
    document = json.loads(run_command("doctor", "run", "--json").out)
    assert document["diagnoses"][0]["name"] == "discriminator saturated"
    assert document["omissions"]


def test_a_healthy_run_exits_0(run_command: Run, tmp_path: Path) -> None:
    small_checkpoints.cyclegan(tmp_path / "run")
    result = run_command("doctor", "run")
    assert result.code == 0
    assert result.out.startswith("nothing found\n- not examined: ")
    assert run_command("doctor", "run", "--quiet").out == ""
