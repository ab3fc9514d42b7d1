"""`translate plugins search`: the directory of published plugins."""

import click

from translate.cli.parameters.shared import json_option
from translate.engine.system import console


@click.command("search")
@click.argument("text", default="")
@json_option
@click.option("--quiet", is_flag=True, help="Print only names.")
def command(text: str, as_json: bool, quiet: bool) -> None:
    """Search the directory of published plugins; without TEXT, list all.

    TEXT is searched for in names, summaries, kinds of plugin and types of images. The directory is
    part of this version; nothing is downloaded.

    \b
    Examples:
      translate plugins search
      translate plugins search "flow matching"
    """
    from translate.engine.plugins.directory import read_directory
    from translate.errors import suggest

    directory = read_directory()
    entries = [entry for entry in directory if entry.matches(text)]
    if as_json:
        records = [{**entry.model_dump(), "installed": entry.installed} for entry in entries]
        console.show_json(records)
        return
    for entry in entries:
        if quiet:
            console.say(entry.name)
            continue
        state = f"installed {entry.installed}" if entry.installed else entry.install_command
        offers = "; ".join(f"{kind} {', '.join(names)}" for kind, names in entry.offers.items())
        console.say(f"{entry.name}  {entry.summary}")
        console.say(
            f"  {offers}; {entry.licence}{', needs weights' if entry.needs_weights else ''}"
        )
        console.say(f"  {state}")
    if not entries:
        names = [name for entry in directory for kind in entry.offers.values() for name in kind]
        console.say(f"No plugin in the directory matches {text!r}.{suggest(text, names)}")
