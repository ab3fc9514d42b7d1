"""A diagnosis has evidence, an option and a command."""

from pathlib import Path

from run_files import log_lines

from translate.engine.disk import files
from translate.insight.doctor import diagnose


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
