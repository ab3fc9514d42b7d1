"""`translate plugins`: list, check, create and find plugins."""

import json
from typing import Any

import click

from translate.cli.parameters.catalogue import all_registrations
from translate.cli.plugins import check, new, search
from translate.engine.system import console
from translate.errors import describe_error

PLURALS = {"loss": "losses"}


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List, check, create and find plugins.

    Without a command: installed plugins by distribution, with the errors of those that did not
    load.

    \b
    Examples:
      translate plugins
      translate plugins check pix2pix
    """
    if ctx.invoked_subcommand:
        return
    distributions = list_distributions()
    if as_json:
        console.show(json.dumps(distributions, indent=2))
        return
    for facts in distributions:
        if quiet and not facts["broken"]:
            continue
        console.say(f"{facts['distribution']} {facts['version']}")
        for kind, names in {} if quiet else facts["offers"].items():
            console.say(f"  {PLURALS.get(kind, f'{kind}s'):<16}{', '.join(names)}")
        if facts["events"] and not quiet:
            console.say(f"  {'event hooks':<16}{', '.join(facts['events'])}")
        if not (facts["offers"] or facts["events"] or facts["broken"] or quiet):
            console.say("  registers nothing")
        for entry, reason in facts["broken"].items():
            console.say(f"  broken          {entry}: {reason}")


command.add_command(check.command)
command.add_command(new.command)
command.add_command(search.command)


def list_distributions() -> list[dict[str, Any]]:
    """Return what each distribution registers, by kind, and which of its plugins are broken."""
    from translate.cli import COMMANDS
    from translate.contract.events import event_subjects
    from translate.engine.plugins import discovery
    from translate.engine.plugins.commands import plugin_commands

    plugin_commands(COMMANDS)  # first: it refuses names of built-in commands
    registrations = list(all_registrations())  # loads the plugins
    distributions: dict[str, dict[str, Any]] = {}

    def facts(name: str, version: str = "?") -> dict[str, Any]:
        empty: dict[str, Any] = {"offers": {}, "events": [], "broken": {}}
        return distributions.setdefault(name, {"distribution": name, "version": version, **empty})

    for entry in discovery.allowed_entries(discovery.installed_entries()):
        version = entry.dist.version if entry.dist else None
        facts(discovery.distribution(entry), version or "?")
    for kind, name, registration in registrations:
        facts(registration.distribution)["offers"].setdefault(kind, []).append(name)
    for full, _ in discovery.load().list_name_plugin():
        for listener in event_subjects(full):
            facts(full.partition(":")[0])["events"] += listener.hooks
    for where, error in discovery.skipped.items():
        name, _, entry_name = where.partition(":")
        facts(name)["broken"][entry_name] = describe_error(error)
    return list(distributions.values())
