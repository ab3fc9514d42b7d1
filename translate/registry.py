"""Find what plugins offer by name, and make it: generators, discriminators, losses and the rest."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

from torch import nn

from translate.batches import ImageSpec
from translate.engine.plugins import discovery
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system import console, signatures
from translate.engine.system.bundled import configs
from translate.engine.system.frozen_mapping import FrozenMapping
from translate.errors import ConfigError, PluginError, describe_error, short_repr, suggest
from translate.recipe import Recipe

# fmt: off
Kind: TypeAlias = Literal[
    "generator", "discriminator", "loss", "layout", "domain", "recipe", "format", "metric",
    "tracker", "command",
]
# fmt: on
Part: TypeAlias = str | Mapping[str, Any]
"""``"resnet"``, or a name with options: ``{"name": "resnet", "blocks": 6}``."""

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
    "command": "register_commands",
}


class Offer(NamedTuple):
    """One thing that a plugin offers."""

    distribution: str
    entry: str
    name: str
    factory: Callable[..., Any]


def part(name: str, /, **options: Any) -> FrozenMapping:
    """Return a part with options, an immutable default for a signature.

    It equals the mapping that a configuration has for it.

    Args:
        name: The registered name.
        options: Options of the part.

    Example:
        >>> part("resnet", blocks=9) == {"name": "resnet", "blocks": 9}
        True
    """
    return FrozenMapping({"name": name, **options})


def create_generator(
    part: Part, *, in_channels: int, out_channels: int, **offered: Any
) -> nn.Module:
    """Return a network that makes images.

    Args:
        part: A name, or a name with options.
        in_channels: Channels of the input: of images, or the length of latent vectors.
        out_channels: Channels of the images that it returns.
        offered: Further arguments, passed on if the factory takes them, such as ``size``.
    """
    return _network(
        "generator", part, in_channels=in_channels, out_channels=out_channels, **offered
    )


def create_discriminator(part: Part, *, in_channels: int, **offered: Any) -> nn.Module:
    """Return a network that scores images; arguments as those of `create_generator`."""
    return _network("discriminator", part, in_channels=in_channels, **offered)


def create_recipe(part: Part, *, spec: ImageSpec) -> Recipe:
    """Return the recipe for images of `spec`, with its attribute ``domains`` set."""
    recipe: Recipe = create("recipe", part, spec=spec)
    recipe.domains = spec.names
    return recipe


def create_loss(part: Part, **offered: Any) -> Any:
    """Return a loss: an `ImageLoss` or an `AdversarialLoss` of `translate.losses`."""
    return create("loss", part, **offered)


def create(kind: Kind, part: Part, **given: Any) -> Any:
    """Return what the factory of a part makes, with options checked against its signature.

    Args:
        kind: The kind of part, such as ``"loss"``.
        part: A name, or a name with options.
        given: Further arguments, passed on if the factory takes them.

    Raises:
        ConfigError: The name or an option does not exist, or a value does not fit; the message has
            the nearest name.
    """
    name, own = split_part(kind, part)
    factory = find(kind, name)
    own = signatures.check(f"{kind} {name!r}", factory, own, reserved=tuple(given))
    with plugin_code(factory, "__init__"):
        return factory(**signatures.accepted(factory, given), **own)


def split_part(kind: Kind, part: Part) -> tuple[str, dict[str, Any]]:
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
        name: A name, or ``distribution/name`` where two plugins register the same name.

    Raises:
        ConfigError: No plugin registers the name.
        PluginError: Two plugins register the name.
    """
    offers = list_offers(kind)
    owner, _, bare = name.rpartition("/")
    claims = [o for o in offers if o.name == bare and owner in ("", o.distribution)]
    if not claims:
        known = {offer.name for offer in offers} | {
            f"{o.distribution}/{o.name}" for o in offers if owner
        }
        raise ConfigError(f"no {kind} is called {name!r}.{nearest(kind, name, known)}{_why(name)}")
    ours = [claim for claim in claims if claim.distribution == discovery.OWN_DISTRIBUTION]
    if len(claims) > 1 and not ours:
        full = " and ".join(f"{c.distribution}/{c.name}" for c in claims)
        raise PluginError(f"two plugins offer a {kind} called {name!r}: write {full} for one.")
    if ours and len(claims) > 1:
        _say_once(
            f"Warning: the {kind} {name!r} is {discovery.OWN_DISTRIBUTION}'s; another plugin's is "
            f"{' or '.join(f'{c.distribution}/{c.name}' for c in claims if c not in ours)}."
        )
    return (ours or claims)[0].factory


def nearest(kind: str, name: str, known: Iterable[str]) -> str:
    """Return what the unknown `name` may mean: one of `known`, or a thing of another kind.

    A configuration is no plugin's, but is mistaken for a recipe all the same.
    """
    known, others = list(known), dict[str, str]()
    for other in HOOKS:
        others |= {} if other == kind else dict.fromkeys(names(other), other)
    others |= {} if kind == "configuration" else dict.fromkeys(configs(), "configuration")
    if (owner := others.get(name)) and name not in known:
        typed = {"recipe": f": --plugin {name}", "configuration": f": --config {name}"}
        wanted = suggest(name, known) if owner not in typed else ""
        return f" {name!r} is a {owner}{typed.get(owner, '')}.{wanted}"
    closest = get_close_matches(name, [*known, *others], n=1)
    if closest and closest[0] not in known:
        return f" Did you mean the {others[closest[0]]} {closest[0]!r}?"
    near = suggest(name, known)
    return f"{near} `translate show` lists all." if near.endswith("...") else near


@cache
def _say_once(line: str) -> None:
    console.say(line, err=True)


def names(kind: Kind) -> dict[str, Callable[..., Any]]:
    """Return the factories of one kind by their names, without ambiguous ones."""
    counts: dict[str, list[Offer]] = {}
    for offer in list_offers(kind):
        counts.setdefault(offer.name, []).append(offer)
    return {
        name: offers[0].factory
        for name, offers in counts.items()
        if len(offers) == 1 or offers[0].distribution == discovery.OWN_DISTRIBUTION
    }


def list_offers(kind: Kind) -> list[Offer]:
    """Return all offers of one kind, our own distribution's first.

    A plugin whose hook fails is named once on standard error and offers nothing.
    """
    manager = discovery.load()
    found = []
    for hook in getattr(manager.hook, HOOKS[kind]).get_hookimpls():
        distribution, _, entry = hook.plugin_name.partition(":")
        where = f"{hook.plugin_name}, {HOOKS[kind]}"
        if where in discovery.skipped:
            continue
        try:
            offered = dict(hook.function())
            for name, make in offered.items():
                if not (isinstance(name, str) and "/" not in name and callable(make)):
                    raise PluginError(f"{name!r} is not a name, without a slash, of a factory")
        except BaseException as error:
            reraise_interruption(error)
            discovery.skipped[where] = error
            console.say(f"Warning: {where} failed ({describe_error(error)}).", err=True)
            continue
        found += [Offer(distribution, entry, name, make) for name, make in offered.items()]
    return sorted(found, key=lambda offer: offer.distribution != discovery.OWN_DISTRIBUTION)


def _network(kind: Kind, part: Part, **given: Any) -> nn.Module:
    network: nn.Module = create(kind, part, **given)
    return network


def _why(name: str) -> str:
    """Say that a plugin which might have offered `name` is broken, if one is."""
    broken = [entry for entry in discovery.skipped if name in entry]
    return (
        f" The plugin {broken[0]} could not be loaded: see `translate plugins`." if broken else ""
    )
