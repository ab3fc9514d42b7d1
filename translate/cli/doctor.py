"""`translate doctor`: a check of the environment."""

import json

import click

from translate.engine.system import console


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON. [lines of text]")
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
def command(as_json: bool, quiet: bool) -> int:
    """Check the environment: libraries, GPU, codecs, plugins, memory, disk.

    Each fault is shown with what to type to repair it; the exit code is then 2.

    \b
    Examples:
      translate doctor
      translate doctor --json
    """
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
