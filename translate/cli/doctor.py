"""`translate doctor`: what this machine has, and what is broken on it."""

import json

import click

from translate.engine.system import console


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--quiet", is_flag=True, help="Say only what is broken.")
def command(as_json: bool, quiet: bool) -> int:
    """Look at the environment: libraries, GPU, codecs, plugins, memory, disk.

    What is broken is named with what to type, and the exit code is then 2.

    \b
    Examples:
      translate doctor
      translate doctor --json
    """
    from translate.insight.environment import look

    found = []
    for finding in look():
        found.append(finding)
        if as_json or (quiet and finding.state != "broken"):
            continue
        mark = {"ok": "  ", "note": "- ", "broken": "! "}[finding.state]
        console.say(f"{mark}{finding.what:<14} {finding.found}")
        if finding.advice:
            console.say(f"{'':<17}{finding.advice}")
    if as_json:
        console.show(json.dumps([finding._asdict() for finding in found], indent=2))
    return 2 if any(finding.state == "broken" for finding in found) else 0
