"""Find and create parts: networks, losses, layouts, recipes and others that plugins register.

A part is chosen by its kind and name, and may have options.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias

from translate.batches import ImageSpec
from translate.engine.plugins import discovery
from translate.engine.plugins.configs import configs
from translate.engine.plugins.errors import plugin_code
from translate.engine.plugins.hook_calls import call_registration_hook
from translate.engine.system import signatures
from translate.engine.system.frozen_mapping import FrozenMapping
from translate.errors import ConfigError, PluginError, short_repr, suggest

if TYPE_CHECKING:
    from torch import nn

    from translate.recipe import Recipe

# fmt: off
Kind: TypeAlias = Literal[
    "generator", "discriminator", "loss", "layout", "domain", "recipe", "format", "metric",
    "tracker", "importer", "exporter", "command",
]
# fmt: on
PartConfig: TypeAlias = str | Mapping[str, Any]
"""A name, or a name with options: ``"resnet"``, ``{"name": "resnet", "blocks": 6}``."""

DiscriminatorConfig: TypeAlias = Annotated[PartConfig, Literal["discriminator"]]
"""The type of an option that takes a discriminator and is not called ``discriminator``."""

HOOKS: Mapping[Kind, str] = {
    "generator": "register_generators",
    "discriminator": "register_discriminators",
    "loss": "register_losses",
    "layout": "register_layouts",
    "domain": "register_domains",
    "recipe": "register_recipes",
    "format": "register_formats",
    "metric": "register_metrics",
    "tracker": "register_trackers",
    "importer": "register_importers",
    "exporter": "register_exporters",
    "command": "register_commands",
}

logger = logging.getLogger(__name__)


class Registration(NamedTuple):
    """A name that a plugin registers, and its factory."""

    distribution: str
    entry: str
    """name of the plugin's entry point"""
    name: str
    factory: Callable[..., Any]


def part(name: str, /, **options: Any) -> Mapping[str, Any]:
    """Return a part with options as an immutable mapping, for defaults in signatures.

    Args:
        name: The registered name.
        options: Options of the part.

    Example:
        >>> part("resnet", blocks=9) == {"name": "resnet", "blocks": 9}
        True
    """
    return FrozenMapping({"name": name, **options})


def create_generator(
    part: PartConfig, *, in_channels: int, out_channels: int, **arguments: Any
) -> nn.Module:
    """Return a generator or an encoder.

    Args:
        part: A name, or a name with options.
        in_channels: Channels of the input: of images, or of latents.
        out_channels: Channels of the output.
        arguments: Further arguments, which the factory gets if its signature has them: ``size``.
    """
    return _network(
        "generator", part, in_channels=in_channels, out_channels=out_channels, **arguments
    )


def create_discriminator(part: PartConfig, *, in_channels: int, **arguments: Any) -> nn.Module:
    """Return a discriminator; for the arguments see `create_generator`."""
    return _network("discriminator", part, in_channels=in_channels, **arguments)


def create_recipe(part: PartConfig, *, spec: ImageSpec) -> Recipe:
    """Return a recipe, with its attribute ``domains`` set."""
    recipe: Recipe = create("recipe", part, spec=spec)
    recipe.domains = spec.names
    return recipe


def create_loss(part: PartConfig, **arguments: Any) -> Any:
    """Return a loss: an `ImageLoss` or an `AdversarialLoss` of `translate.losses`."""
    return create("loss", part, **arguments)


def create(kind: Kind, part: PartConfig, **arguments: Any) -> Any:
    """Call the factory of a part with its options, which are checked by its signature.

    Args:
        kind: The kind of part, such as ``"loss"``.
        part: A name, or a name with options.
        arguments: Further arguments, which the factory gets if its signature has them.

    Raises:
        ConfigError: The name, an option or a value is not valid; the message suggests a name.
    """
    name, options = split_part(kind, part)
    factory = find(kind, name)
    options = signatures.convert_options(f"{kind} {name!r}", factory, options, tuple(arguments))
    with plugin_code(factory, "__init__"):
        return factory(**signatures.accepted_arguments(factory, arguments), **options)


def split_part(kind: Kind, part: PartConfig) -> tuple[str, dict[str, Any]]:
    """Return the name and the options of `part`."""
    if isinstance(part, str):
        return part, {}
    if not isinstance(part, Mapping) or not isinstance(part.get("name"), str):
        raise ConfigError(
            f"{kind}: expected a name or {{name: ..., option: ...}}, got {short_repr(part)}."
        )
    return part["name"], {str(key): value for key, value in part.items() if key != "name"}


def find(kind: Kind, name: str) -> Callable[..., Any]:
    """Return the factory of a name.

    Args:
        kind: The kind of part, such as ``"loss"``.
        name: A name, or ``distribution/name`` if two plugins register the same name.

    Raises:
        ConfigError: No plugin registers the name.
        PluginError: Two plugins register the name.
    """
    registrations = list_registrations(kind)
    owner, _, bare_name = name.rpartition("/")
    matches = [r for r in registrations if r.name == bare_name and owner in ("", r.distribution)]
    if not matches:
        known_names = {r.name for r in registrations} | {
            f"{r.distribution}/{r.name}" for r in registrations if owner
        }
        hint = nearest(kind, name, known_names) + _broken_plugin_hint(name)
        raise ConfigError(f"no {kind} is called {name!r}.{hint}")
    ours = [match for match in matches if match.distribution == discovery.OWN_DISTRIBUTION]
    if len(matches) > 1 and not ours:
        full_names = " and ".join(f"{m.distribution}/{m.name}" for m in matches)
        raise PluginError(
            f"two plugins register a {kind} called {name!r}: write {full_names} for one."
        )
    if ours and len(matches) > 1:
        others = " or ".join(f"{m.distribution}/{m.name}" for m in matches if m not in ours)
        _warn_once(
            f"the {kind} {name!r} is {discovery.OWN_DISTRIBUTION}'s; another plugin's is {others}."
        )
    return (ours or matches)[0].factory


def nearest(kind: str, name: str, known_names: Iterable[str]) -> str:
    """Return a sentence about an unknown name: how to install it, or which name may be meant."""
    from translate.engine.plugins.directory import install_hint

    if hint := install_hint(kind, name):
        return hint
    known_names, other_kinds = list(known_names), dict[str, str]()
    for other in HOOKS:
        other_kinds |= {} if other == kind else dict.fromkeys(names(other), other)
    other_kinds |= {} if kind == "configuration" else dict.fromkeys(configs(), "configuration")
    if (other_kind := other_kinds.get(name)) and name not in known_names:
        flags = {"recipe": f": --plugin {name}", "configuration": f": --config {name}"}
        suggestion = suggest(name, known_names) if other_kind not in flags else ""
        return f" {name!r} is a {other_kind}{flags.get(other_kind, '')}.{suggestion}"
    closest = get_close_matches(name, [*known_names, *other_kinds], n=1)
    if closest and closest[0] not in known_names:
        return f" Did you mean the {other_kinds[closest[0]]} {closest[0]!r}?"
    suggestion = suggest(name, known_names)
    if suggestion.endswith("..."):
        return f"{suggestion} `translate show` lists all."
    return suggestion


@cache
def _warn_once(message: str) -> None:
    logger.warning(message)


def names(kind: Kind) -> dict[str, Callable[..., Any]]:
    """Return the factories of one kind by name, without names that several plugins register."""
    by_name: dict[str, list[Registration]] = {}
    for registration in list_registrations(kind):
        by_name.setdefault(registration.name, []).append(registration)
    return {
        name: matches[0].factory
        for name, matches in by_name.items()
        if len(matches) == 1 or matches[0].distribution == discovery.OWN_DISTRIBUTION
    }


def list_registrations(kind: Kind) -> list[Registration]:
    """Return all registrations of one kind, those of built-in plugins first.

    A plugin with a hook that fails is reported in one warning, and registers nothing.
    """
    hook_name, registrations = HOOKS[kind], list[Registration]()
    for hook in getattr(discovery.load_for(hook_name).hook, hook_name).get_hookimpls():
        distribution, _, entry = hook.plugin_name.partition(":")
        where = f"{hook.plugin_name}, {hook_name}"
        if where in discovery.skipped:
            continue
        try:
            factories = call_registration_hook(hook)
        except BaseException as error:
            discovery.skip(where, error)
            continue
        registrations += [Registration(distribution, entry, *item) for item in factories.items()]
    return sorted(registrations, key=lambda r: r.distribution != discovery.OWN_DISTRIBUTION)


def _network(kind: Kind, part: PartConfig, **arguments: Any) -> nn.Module:
    return create(kind, part, **arguments)


def _broken_plugin_hint(name: str) -> str:
    """Return a sentence about a broken plugin that may register `name`; empty if there is none."""
    broken_entries = [entry for entry in discovery.skipped if name in entry]
    return (
        f" The plugin {broken_entries[0]} could not be loaded: see `translate plugins`."
        if broken_entries
        else ""
    )
