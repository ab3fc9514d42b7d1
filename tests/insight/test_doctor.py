"""A diagnosis has evidence, an option and a command."""

from pathlib import Path

import pytest
from run_files import log_lines

from translate.engine.disk import files
from translate.errors import CheckpointError
from translate.insight.doctor import diagnose, examine


def test_a_diagnosis_has_evidence_an_option_and_a_command(small_run: Path) -> None:
    lines = log_lines(small_run)
    for line in lines[1:]:
        line["step"] *= 50
        line["losses"] |= dict.fromkeys(("discriminators/source", "discriminators/target"), 1e-6)
    (small_run / "log.jsonl").unlink()
    for line in lines:
        files.append(small_run / "log.jsonl", line)
    (diagnosis,) = [d for d in diagnose(small_run) if d.name == "discriminator saturated"]
    assert (diagnosis.since_step, diagnosis.value) == (2, 1e-6)
    assert diagnosis.evidence.startswith(
        "the losses of discriminators have been below 0.0001 for 499"
    )
    assert diagnosis.option == "options.adversarial={name: lsgan, label_smoothing: 0.1}"
    assert diagnosis.command.startswith(f"translate train --resume {small_run} --fork-run ")


def test_a_run_without_log_and_previews_has_no_diagnosis(small_run: Path) -> None:
    (small_run / "log.jsonl").unlink()
    for path in (small_run / "previews").iterdir():
        path.unlink()
    examination = examine(small_run)
    assert examination.diagnoses == []
    assert examination.omissions == [
        "losses and gradients: log.jsonl is missing",
        "images: 0 previews, expected 3 or more",
        "overfitting: nothing was evaluated during training",
    ]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is no run folder"):
        diagnose(tmp_path)
