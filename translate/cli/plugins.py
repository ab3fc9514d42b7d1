"""`translate plugins`: list plugins, and check them against the contract."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from translate.cli.catalogue import all_registrations
from translate.cli.options import completing, plugin_names
from translate.engine.system import console
from translate.errors import ConfigError, PluginError, describe_error, suggest

if TYPE_CHECKING:
    from translate.contract.verdicts import Verdict

TESTED = (
    *("recipe", "generator", "discriminator", "loss", "layout", "format"),
    *("metric", "tracker", "importer", "exporter", "command"),
)
PLURALS = {"loss": "losses"}


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List installed plugins by distribution, with the errors of those that did not load.

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


@command.command()
@click.argument("name", shell_complete=completing(plugin_names))
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting for the check: --set options.generator.width=8. Recipes are checked on "
    "random images and layouts on two generated domains, unless data.root and data.domains (and "
    "data.layout for a recipe) name images.",
)
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
def check(name: str, assignments: tuple[str, ...], quiet: bool) -> None:
    """Check a plugin against the contract, rule by rule.

    NAME is a plugin or a distribution, whose registered names and event hooks are all checked, or
    one recipe, generator, discriminator, loss, layout or metric. Each failure names the file and
    line; rules that fail by one cause are reported once.

    \b
    Examples:
      translate plugins check cyclegan
      translate plugins check pix2pix --set options.generator.width=8
    """
    from translate.contract import verdicts as testing
    from translate.contract.kinds import small_options

    parts = _parts(name)
    chosen = [part for part in parts if part[1] == name] or parts
    if assignments and len(chosen) != 1:
        raise ConfigError(f"--set is for one part, and {name} has {len(chosen)}: name one of them.")
    broken = [
        f"  BROKEN  {where}: {describe_error(error)}" for where, error in _broken_plugins(name)
    ]
    for line in broken:
        console.say(line)
    say: Any = (lambda _line: None) if quiet else console.say
    for kind, part in parts:
        if kind not in TESTED:
            say(f"{kind} {part} has no rules; recipes that use it have")
            continue
        small = small_options(kind, part)
        settings = _settings(kind, part, small, assignments if (kind, part) in chosen else ())
        say(f"{kind} {part}" + (f", made small: {_as_yaml_flow(small)}" if small else ""))
        verdicts = testing.run_rules(kind, part, settings["options"], data=settings["data"])
        broken += _print_verdicts(verdicts, say, f"{kind} {part}: " if quiet else "")
    for plugin, verdicts in testing.run_event_rules(name):
        say(f"plugin {plugin}, event hooks in a temporary run")
        broken += _print_verdicts(verdicts, say, f"plugin {plugin}: " if quiet else "")
    if broken:
        rules = "a rule" if len(broken) == 1 else f"{len(broken)} rules"
        raise PluginError(f"{name} breaks {rules}: see plugins/README.md.")


def _print_verdicts(
    verdicts: Iterable["Verdict"], say: Callable[[str], object], where: str
) -> list[str]:
    """Print a line for each rule, and the place in the code that breaks it; return the findings."""
    findings = []
    for verdict in verdicts:
        if verdict.same_as:
            say(f"  -       {verdict.rule} (fails by the cause above: {verdict.same_as})")
        elif verdict.broken:
            findings.append(verdict.broken)
            console.say(f"  BROKEN  {where}{verdict.rule} {verdict.broken}")
            if verdict.place:
                console.say(f"          in {verdict.place}")
        elif verdict.note:
            say(f"  -       {verdict.rule} ({verdict.note})")
        else:
            say(f"  ok      {verdict.rule}")
    return findings


def list_distributions() -> list[dict[str, Any]]:
    """Return what each distribution registers, by kind, and which of its plugins are broken."""
    from translate.cli import COMMANDS
    from translate.contract.events import listeners
    from translate.engine.plugins import discovery
    from translate.engine.plugins.commands import plugin_commands

    plugin_commands(COMMANDS)  # first, as it refuses names of built-in commands
    registrations = list(all_registrations())  # it loads the plugins
    distributions: dict[str, dict[str, Any]] = {}

    def facts(name: str, version: str = "?") -> dict[str, Any]:
        empty: dict[str, Any] = {"offers": {}, "events": [], "broken": {}}
        return distributions.setdefault(name, {"distribution": name, "version": version, **empty})

    for entry in discovery.allowed(discovery.installed()):
        version = entry.dist.version if entry.dist else None
        facts(discovery.distribution(entry), version or "?")
    for kind, name, registration in registrations:
        facts(registration.distribution)["offers"].setdefault(kind, []).append(name)
    for full, _ in discovery.load().list_name_plugin():
        for listener in listeners(full):
            facts(full.partition(":")[0])["events"] += listener.hooks
    for where, error in discovery.skipped.items():
        name, _, entry_name = where.partition(":")
        facts(name)["broken"][entry_name] = describe_error(error)
    return list(distributions.values())


def _parts(name: str) -> list[tuple[Any, str]]:
    """Return the kind and name of each part that `name` means: one, or all of a plugin.

    Raises `ConfigError` if nothing installed has this name.
    """
    from translate.contract.events import listeners
    from translate.engine.plugins import discovery
    from translate.registry import find

    parts: list[tuple[Any, str]] = []
    known = {entry.name for entry in discovery.installed()}
    for kind, short_name, registration in all_registrations():
        distribution = registration.distribution
        known |= {distribution, short_name}
        if name in (registration.name, f"{distribution}/{registration.name}"):
            find(kind, name)  # raises for a name that two plugins register
            parts.append((kind, name))
        elif name in (distribution, registration.entry):
            parts.append((kind, short_name))
    loaded = [full for full, _ in discovery.load().list_name_plugin()]
    known |= {part for full in loaded for part in full.split(":")}
    if not (parts or _broken_plugins(name) or listeners(name)):
        if name in known:
            raise ConfigError(f"the plugin {name!r} registers nothing, and has no event hook.")
        raise ConfigError(f"nothing installed is called {name!r}.{suggest(name, known)}")
    return list(dict.fromkeys(parts))


def _broken_plugins(name: str) -> list[tuple[str, BaseException]]:
    """Return the plugins and hooks that failed, of the plugin or distribution called `name`."""
    from translate.engine.plugins import discovery

    return [
        (where, error)
        for where, error in discovery.skipped.items()
        if name in (where.partition(":")[0], where.partition(":")[2].partition(",")[0])
    ]


def _settings(kind: Any, name: str, small: dict[str, Any], assignments: tuple[str, ...]) -> Any:
    """Return the sections ``options`` and ``data``: `assignments` over the `small` networks."""
    from translate.engine.config import layers, yaml
    from translate.registry import find

    options = layers.with_defaults(find(kind, name), small) if kind == "recipe" else small
    document: dict[str, Any] = {"options": dict(options), "data": {}}
    sections = ("options", "data") if kind in ("recipe", "layout") else ("options",)
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or key.partition(".")[0] not in sections:
            expected = " or ".join(f"{section}.KEY=VALUE" for section in sections)
            raise ConfigError(f"--set {assignment}: expected {expected}.")
        layers.set_key(document, key, yaml.parse(value, key))
    return document


def _as_yaml_flow(options: dict[str, Any]) -> str:
    """Return `options` in one line, in the form that `--set` takes."""
    return json.dumps(options).replace('"', "")
