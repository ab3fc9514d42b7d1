"""`translate plugins`: list plugins, and check them against the contract."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from translate.cli.catalogue import offered
from translate.cli.options import completing, plugin_names
from translate.engine.system import console
from translate.errors import ConfigError, PluginError, describe_error, suggest

if TYPE_CHECKING:
    from translate.contract.verdicts import Verdict

TESTED = ("recipe", "generator", "discriminator", "loss", "layout", "format", "tracker")
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
    found = survey()
    if as_json:
        console.show(json.dumps(found, indent=2))
        return
    for owner in found:
        if quiet and not owner["broken"]:
            continue
        console.say(f"{owner['distribution']} {owner['version']}")
        for kind, names in {} if quiet else owner["offers"].items():
            console.say(f"  {PLURALS.get(kind, f'{kind}s'):<16}{', '.join(names)}")
        if owner["events"] and not quiet:
            console.say(f"  {'event hooks':<16}{', '.join(owner['events'])}")
        if not (owner["offers"] or owner["events"] or owner["broken"] or quiet):
            console.say("  offers nothing by name")
        for entry, reason in owner["broken"].items():
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
    one recipe, generator, discriminator, loss or layout. Each failure names the file and line;
    rules that fail by one cause are reported once.

    \b
    Examples:
      translate plugins check cyclegan
      translate plugins check pix2pix --set options.generator.width=8
    """
    from translate.contract import verdicts as testing

    things = _things(name)
    chosen = [thing for thing in things if thing[1] == name] or things
    if assignments and len(chosen) != 1:
        raise ConfigError(f"--set is for one thing, and {name} is {len(chosen)}: name one of them.")
    broken = [f"  BROKEN  {where}: {_reason(error)}" for where, error in _wrecks(name)]
    for line in broken:
        console.say(line)
    say: Any = (lambda _line: None) if quiet else console.say
    for kind, each in things:
        if kind not in TESTED:
            say(f"{kind} {each} has no rules of its own; recipes that use it have")
            continue
        small = testing.small_options(kind, each)
        given = _given(kind, each, small, assignments if (kind, each) in chosen else ())
        say(f"{kind} {each}" + (f", made small: {_flow(small)}" if small else ""))
        verdicts = testing.run_rules(kind, each, given["options"], data=given["data"])
        broken += _tell(verdicts, say, f"{kind} {each}: " if quiet else "")
    for plugin, verdicts in testing.run_event_rules(name):
        say(f"plugin {plugin}, event hooks in a temporary run")
        broken += _tell(verdicts, say, f"plugin {plugin}: " if quiet else "")
    if broken:
        rules = "a rule" if len(broken) == 1 else f"{len(broken)} rules"
        raise PluginError(f"{name} breaks {rules}: see plugins/README.md.")


def _tell(verdicts: Iterable["Verdict"], say: Callable[[str], object], where: str) -> list[str]:
    """Print a line a rule, and the place of what breaks one; return the findings."""
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


def survey() -> list[dict[str, Any]]:
    """Return each distribution with what it offers by kind, and what of it is broken."""
    from translate.cli import COMMANDS
    from translate.contract.events import listeners
    from translate.engine.plugins import discovery
    from translate.engine.plugins.commands import plugin_commands

    plugin_commands(COMMANDS)  # first, as it refuses names of built-in commands
    offers = list(offered())  # it loads the plugins
    found: dict[str, dict[str, Any]] = {}

    def owner(name: str, version: str = "?") -> dict[str, Any]:
        empty: dict[str, Any] = {"offers": {}, "events": [], "broken": {}}
        return found.setdefault(name, {"distribution": name, "version": version, **empty})

    for entry in discovery.allowed(discovery.installed()):
        version = entry.dist.version if entry.dist else None
        owner(discovery.distribution(entry), version or "?")
    for kind, name, offer in offers:
        owner(offer.distribution)["offers"].setdefault(kind, []).append(name)
    for full, _ in discovery.load().list_name_plugin():
        for listener in listeners(full):
            owner(full.partition(":")[0])["events"] += listener.hooks
    for where, error in discovery.skipped.items():
        name, _, broken = where.partition(":")
        owner(name)["broken"][broken] = _reason(error)
    return list(found.values())


def _things(name: str) -> list[tuple[Any, str]]:
    """Return the kinds and names of all that `name` means; raise `ConfigError` for nothing."""
    from translate.contract.events import listeners
    from translate.engine.plugins import discovery
    from translate.registry import find

    found: list[tuple[Any, str]] = []
    known = {entry.name for entry in discovery.installed()}
    for kind, reached, offer in offered():
        known |= {offer.distribution, reached}
        if name in (offer.name, f"{offer.distribution}/{offer.name}"):
            find(kind, name)  # raises for a name that two plugins claim
            found.append((kind, name))
        elif name in (offer.distribution, offer.entry):
            found.append((kind, reached))
    loaded = [full for full, _ in discovery.load().list_name_plugin()]
    known |= {part for full in loaded for part in full.split(":")}
    if not (found or _wrecks(name) or listeners(name)):
        if name in known:
            raise ConfigError(f"the plugin {name!r} offers nothing, and has no event hook.")
        raise ConfigError(f"nothing installed is called {name!r}.{suggest(name, known)}")
    return list(dict.fromkeys(found))


def _wrecks(name: str) -> list[tuple[str, BaseException]]:
    """Return what of the plugin or distribution called `name` could not be had, and why."""
    from translate.engine.plugins import discovery

    return [
        (where, error)
        for where, error in discovery.skipped.items()
        if name in (where.partition(":")[0], where.partition(":")[2].partition(",")[0])
    ]


def _given(kind: Any, name: str, small: dict[str, Any], assignments: tuple[str, ...]) -> Any:
    """Return the options and the folder that `assignments` ask for, over the `small` networks."""
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


def _flow(options: dict[str, Any]) -> str:
    """Return `options` as `--set` takes them."""
    return json.dumps(options).replace('"', "")


def _reason(error: BaseException) -> str:
    return describe_error(error)
