"""`translate doctor`: a check of the environment, or of a run."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from translate.cli.parameters.values import LocalPath
from translate.engine.system import console

FOUND = 3
"""the exit code where a run has a failure"""


@click.command()
@click.argument("run", required=False, type=LocalPath(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON. [lines of text]")
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
def command(run: Path | None, as_json: bool, quiet: bool) -> int:
    """Check the environment, or examine RUN: what goes wrong in training, and what to set.

    Without RUN: libraries, GPU, codecs, plugins, memory and disk. Each fault is shown with what to
    type to repair it; the exit code is then 2.

    With RUN: each failure of training is shown with the step since when it shows, how it is known,
    the option that helps, and the command to continue with it; the exit code is then 3.

    \b
    Examples:
      translate doctor
      translate doctor runs/cyclegan-summer-winter
      translate doctor runs/cyclegan-summer-winter --json
    """
    return _examine(run, as_json, quiet) if run else _check_environment(as_json, quiet)


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
        console.show(json.dumps([finding._asdict() for finding in findings], indent=2))
    return 2 if any(finding.state == "broken" for finding in findings) else 0


def _examine(run: Path, as_json: bool, quiet: bool) -> int:
    from translate.insight.doctor import examine

    examination = examine(run)
    if as_json:
        console.show(json.dumps(asdict(examination), indent=2))
        return FOUND if examination.diagnoses else 0
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
    return FOUND if examination.diagnoses else 0
