"""`translate plugins`: list, check, create and search for plugins."""

from typing import Any

import click

from translate.cli.parameters.catalogue import all_registrations
from translate.cli.parameters.shared import json_option
from translate.cli.plugins import check, new, search
from translate.engine.system import console
from translate.errors import describe_error

PLURALS = {"loss": "losses"}


@click.group(invoke_without_command=True)
@json_option
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List, check, create and search for plugins.

    Without a command: installed plugins by distribution; a plugin that did not load is listed with
    its error.

    \b
    Examples:
      translate plugins
      translate plugins check pix2pix
    """
    if ctx.invoked_subcommand:
        return
    distributions = list_distributions()
    if as_json:
        console.show_json(distributions)
        return
    for listing in distributions:
        if quiet and not listing["broken"]:
            continue
        console.say(f"{listing['distribution']} {listing['version']}")
        for kind, names in {} if quiet else listing["offers"].items():
            console.say(f"  {PLURALS.get(kind, f'{kind}s'):<16}{', '.join(names)}")
        if listing["events"] and not quiet:
            console.say(f"  {'event hooks':<16}{', '.join(listing['events'])}")
        if not (listing["offers"] or listing["events"] or listing["broken"] or quiet):
            console.say("  registers nothing")
        for entry, reason in listing["broken"].items():
            console.say(f"  broken          {entry}: {reason}")


command.add_command(check.command)
command.add_command(new.command)
command.add_command(search.command)


def list_distributions() -> list[dict[str, Any]]:
    """Return, for each distribution, the names that it registers and its broken plugins."""
    from translate.cli import COMMANDS
    from translate.contract.events import event_subjects
    from translate.engine.plugins import discovery
    from translate.engine.plugins.commands import plugin_commands

    plugin_commands(COMMANDS)  # first: it marks commands with built-in names as broken
    registrations = list(all_registrations())  # loads the plugins
    distributions: dict[str, dict[str, Any]] = {}

    def listing_of(name: str, version: str = "?") -> dict[str, Any]:
        empty: dict[str, Any] = {"offers": {}, "events": [], "broken": {}}
        return distributions.setdefault(name, {"distribution": name, "version": version, **empty})

    for entry in discovery.allowed_entries(discovery.installed_entries()):
        version = entry.dist.version if entry.dist else None
        listing_of(discovery.distribution(entry), version or "?")
    for kind, name, registration in registrations:
        listing_of(registration.distribution)["offers"].setdefault(kind, []).append(name)
    for full, _ in discovery.load().list_name_plugin():
        for listener in event_subjects(full):
            listing_of(full.partition(":")[0])["events"] += listener.hooks
    for where, error in discovery.skipped.items():
        name, _, entry_name = where.partition(":")
        listing_of(name)["broken"][entry_name] = describe_error(error)
    return list(distributions.values())
