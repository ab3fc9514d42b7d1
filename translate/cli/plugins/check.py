"""`translate plugins check`: test a plugin against the contract, the rules of plugins."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from translate.cli.parameters.catalogue import all_registrations
from translate.cli.parameters.shared import completer, plugin_names
from translate.engine.system import console
from translate.errors import ConfigError, PluginError, describe_error, suggest

if TYPE_CHECKING:
    from translate.contract.results import RuleResult

KINDS_WITH_RULES = (
    *("recipe", "generator", "discriminator", "loss", "layout", "format"),
    *("metric", "tracker", "importer", "exporter", "command"),
)

PASSED_ARGUMENTS = {
    "generator": "in_channels, out_channels, size",
    "discriminator": "in_channels, size",
    "recipe": "spec",
    "layout": "root, domains, split, leave_out",
    "metric": "domain, source_domain, classes",
}
"""arguments that translate passes to factories; an author may have given them other names"""


@click.command("check")
@click.argument("name", shell_complete=completer(plugin_names))
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting for the check: --set options.generator.width=8. By default, recipes are "
    "checked on random images and layouts on two generated domains; data.root and data.domains "
    "(and data.layout for a recipe) select other images.",
)
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    help="Write the result as JSON: rules, seconds, versions, licence.  [default: none]",
)
@click.option("--quiet", is_flag=True, help="Print only what is broken.")
def command(name: str, assignments: tuple[str, ...], report_file: str | None, quiet: bool) -> None:
    """Test a plugin against the contract, rule by rule.

    NAME is a plugin or a distribution, to check its event hooks and everything that it registers;
    or the name of a single recipe, network, loss or other part. Each failure is printed with
    its file and line; rules that fail for the same reason are reported once.

    \b
    Examples:
      translate plugins check cyclegan
      translate plugins check pix2pix --set options.generator.width=8 --report check.json
    """
    from translate.contract import results as contract_results
    from translate.contract.kinds import small_options
    from translate.contract.report import ContractReport
    from translate.engine.config import yaml_text
    from translate.engine.disk import files

    parts = _parts_called(name)
    selected_parts = [(kind, part) for kind, part in parts if part == name] or parts
    if assignments and len(selected_parts) != 1:
        raise ConfigError(
            f"--set is for one part, and {name} has {len(selected_parts)}: name one of them."
        )
    failures = [
        f"  BROKEN  {where}: {describe_error(error)}" for where, error in _broken_plugins(name)
    ]
    for line in failures:
        console.say(line)
    report = ContractReport(name, _distributions(name, parts))
    report.errors += [line.split(maxsplit=1)[1] for line in failures]
    print_line: Any = (lambda _line: None) if quiet else console.say
    for kind, part in parts:
        if kind not in KINDS_WITH_RULES:
            print_line(f"{kind} {part}: no rules; it is checked with the recipes that use it")
            continue
        small_settings = small_options(kind, part)
        settings = _settings(
            kind, part, small_settings, assignments if (kind, part) in selected_parts else ()
        )
        print_line(
            f"{kind} {part}"
            + (f", scaled down: {yaml_text.one_line(small_settings)}" if small_settings else "")
        )
        try:
            if missing_options := _missing_options(kind, part, settings["options"]):
                message = f"needs {missing_options}: translate plugins check {part} --set ..."
                if kind in PASSED_ARGUMENTS:
                    message += f"; arguments from translate: {PASSED_ARGUMENTS[kind]}"
                raise ConfigError(message)
            results = contract_results.run_rules(
                kind, part, settings["options"], data=settings["data"]
            )
            results = report.record(f"{kind} {part}", results)
            failures += _print_results(results, print_line, f"{kind} {part}: " if quiet else "")
        except ConfigError as error:  # of the settings; other parts are still tested
            if [(kind, part)] == (selected_parts if assignments else parts):
                raise ConfigError(f"{kind} {part!r}: {error}") from error
            print_line(f"  -       not tested: {error}")
    for plugin, results in contract_results.run_event_rules(name):
        print_line(f"plugin {plugin}, event hooks in a temporary run")
        results = report.record(f"event hooks of {plugin}", results)
        failures += _print_results(results, print_line, f"plugin {plugin}: " if quiet else "")
    if report_file:
        files.replace_json(Path(report_file), report.document())
    if failures:
        rules = "a rule" if len(failures) == 1 else f"{len(failures)} rules"
        raise PluginError(f"{name} breaks {rules}: see plugins/README.md.")


def _print_results(
    results: Iterable["RuleResult"], print_line: Callable[[str], object], prefix: str
) -> list[str]:
    """Print a line for each rule, with the code that breaks it; return the failures."""
    failures, printed_notes = [], set[str]()
    for result in results:
        if result.same_as:
            print_line(f"  -       {result.rule} (same failure as {result.same_as})")
        elif result.failure:
            failures.append(result.failure)
            console.say(f"  BROKEN  {prefix}{result.rule} {result.failure}")
            if result.place:
                console.say(f"          in {result.place}")
        elif result.note:
            note = "as above" if result.note in printed_notes else result.note
            printed_notes.add(result.note)
            print_line(f"  -       {result.rule} ({note})")
        else:
            print_line(f"  ok      {result.rule}")
    return failures


def _parts_called(name: str) -> list[tuple[Any, str]]:
    """Return the kind and name of each part called `name`, or of each part of the plugin `name`.

    Raises `ConfigError` if nothing installed has this name.
    """
    from translate.contract.events import event_subjects
    from translate.engine.plugins import discovery
    from translate.registry import find

    parts: list[tuple[Any, str]] = []
    known_names = {entry.name for entry in discovery.installed_entries()}
    for kind, short_name, registration in all_registrations():
        distribution = registration.distribution
        known_names |= {distribution, short_name}
        if name in (registration.name, f"{distribution}/{registration.name}"):
            find(kind, name)  # raises for a name that two plugins register
            parts.append((kind, name))
        elif name in (distribution, registration.entry):
            parts.append((kind, short_name))
    loaded_names = [full for full, _ in discovery.load().list_name_plugin()]
    known_names |= {part for full in loaded_names for part in full.split(":")}
    if not (parts or _broken_plugins(name) or event_subjects(name)):
        if name in known_names:
            raise ConfigError(f"the plugin {name!r} registers nothing, and has no event hook.")
        raise ConfigError(f"nothing installed is called {name!r}.{suggest(name, known_names)}")
    return list(dict.fromkeys(parts))


def _distributions(name: str, parts: Sequence[tuple[Any, str]]) -> list[str]:
    """Return the distributions of `parts`, and of the plugins called `name`, sorted."""
    owners = {
        registration.distribution
        for kind, short_name, registration in all_registrations()
        if (kind, short_name) in parts or name in (registration.distribution, registration.entry)
    }
    return sorted(owners | {where.partition(":")[0] for where, _ in _broken_plugins(name)})


def _broken_plugins(name: str) -> list[tuple[str, BaseException]]:
    """Return what failed in the plugin or distribution `name`: plugins and hooks, with errors."""
    from translate.engine.plugins import discovery

    return [
        (where, error)
        for where, error in discovery.skipped.items()
        if name in (where.partition(":")[0], where.partition(":")[2].partition(",")[0])
    ]


def _missing_options(kind: Any, name: str, settings: Mapping[str, Any]) -> str:
    """Return the required options that are not in `settings`, with their meaning."""
    from translate.cli.messages.annotated_yaml import RESERVED_ARGUMENTS
    from translate.engine.system import signatures
    from translate.registry import find

    options = signatures.read_options(find(kind, name), RESERVED_ARGUMENTS).values()
    required = [option for option in options if option.required and option.name not in settings]
    return ", ".join(
        f"options.{option.name}" + (f" ({option.meaning})" if option.meaning else "")
        for option in required
    )


def _settings(kind: Any, name: str, small: dict[str, Any], assignments: tuple[str, ...]) -> Any:
    """Return the sections ``options`` and ``data``: `small`, changed by `assignments`."""
    from translate.engine.config import layers, yaml_text
    from translate.registry import find

    options = layers.with_defaults(find(kind, name), small) if kind == "recipe" else small
    document: dict[str, Any] = {"options": dict(options), "data": {}}
    sections = ("options", "data") if kind in ("recipe", "layout") else ("options",)
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or key.partition(".")[0] not in sections:
            expected = " or ".join(f"{section}.KEY=VALUE" for section in sections)
            raise ConfigError(f"--set {assignment}: expected {expected}.")
        layers.set_key(document, key, yaml_text.parse(value, key))
    return document
