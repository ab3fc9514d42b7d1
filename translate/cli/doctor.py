"""`translate doctor`: check the environment, or diagnose the training of a run."""

from dataclasses import asdict
from pathlib import Path

import click

from translate.cli.parameters.shared import json_option
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console

TRAINING_FAILURE = 3
"""exit code if the training of RUN shows a failure"""


@click.command()
@click.argument("run", required=False, type=LocalPath(path_type=Path))
@json_option
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
def command(run: Path | None, as_json: bool, quiet: bool) -> int:
    """Check the environment, or diagnose the training of RUN.

    Without RUN: libraries, GPU, codecs, plugins, memory and disk are checked. Each problem is
    printed with the command that solves it; the exit code is then 2.

    With RUN: each training failure, such as mode collapse, is printed with the step at which it
    began, the evidence, the option to change, and the command to continue; the exit code is then 3.

    \b
    Examples:
      translate doctor
      translate doctor runs/cyclegan-summer-winter
      translate doctor runs/cyclegan-summer-winter --json
    """
    return _diagnose(run, as_json, quiet) if run else _check_environment(as_json, quiet)


def _check_environment(as_json: bool, quiet: bool) -> int:
    from translate.insight.environment import check_environment

    findings = []
    for finding in check_environment():
        findings.append(finding)
        if as_json or (quiet and finding.state != "broken"):
            continue
        mark = {"ok": "  ", "note": "- ", "broken": "! "}[finding.state]
        console.say(f"{mark}{finding.subject:<14} {finding.text}")
        if finding.advice:
            console.say(f"{'':<17}{finding.advice}")
    if as_json:
        console.show_json([finding._asdict() for finding in findings])
    return 2 if any(finding.state == "broken" for finding in findings) else 0


def _diagnose(run: Path, as_json: bool, quiet: bool) -> int:
    from translate.insight.doctor import examine

    examination = examine(run)
    if as_json:
        console.show_json(asdict(examination))
        return TRAINING_FAILURE if examination.diagnoses else 0
    for diagnosis in examination.diagnoses:
        console.say(f"! {diagnosis.name}, since step {diagnosis.since_step}")
        console.say(f"    evidence  {diagnosis.evidence}")
        if diagnosis.command:
            console.say(f"    set       {diagnosis.option}")
            console.say(f"    command   {diagnosis.command}")
    if not quiet:
        if not examination.diagnoses:
            console.say("nothing found")
        for line in examination.omissions:
            console.say(f"- not examined: {line}")
    return TRAINING_FAILURE if examination.diagnoses else 0
