"""Find the networks in a file of weights that importers recognize, and choose one or two."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from translate.engine.plugins.errors import plugin_code
from translate.errors import CheckpointError, ConfigError, printable_name, suggest
from translate.exchange.foreign import read_weights, without_prefixes
from translate.importers import ForeignWeights, Importer
from translate.registry import create, names

MAX_LISTED = 5
"""largest number of names that a message lists"""
MAX_DEPTH = 3
"""largest number of components of a key that name a network: ``model.generator`` in
``model.generator.main.weight`` has two"""


class Recognition(NamedTuple):
    """The networks to import, and the importer that recognizes them."""

    name: str
    """the name of the importer"""
    importer: Importer
    weights: ForeignWeights
    other: ForeignWeights | None
    """the network of the opposite direction, if any"""
    ignored: tuple[str, ...]
    """names of the other networks in the file"""


def recognize(
    file: Path,
    *,
    other: Path | None = None,
    recipe: str | None = None,
    networks: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Recognition:
    """Return the network of a file, with the importer that recognizes it.

    Args:
        file: The file of weights.
        other: The file of weights of the opposite direction.
        recipe: The recipe that the importer must support; None: any.
        networks: Names of networks in the file, the second for the opposite direction; empty: the
            only one.
        options: Options of the importer.

    Raises:
        CheckpointError: A file is damaged, or no importer can import it.
        ConfigError: The file has several networks and `networks` is empty, or a name, recipe or
            option does not exist.
    """
    if len(networks) > 2 or (len(networks) == 2 and other):
        raise ConfigError(
            f"--network {' '.join(networks)}: expected one network, or two without --other."
        )
    importers: dict[str, Importer] = {name: create("importer", name) for name in names("importer")}
    all_networks, importable = _find_importable(file, importers, importers)
    weights, *opposite = _choose_networks(file, importable, networks)
    matching = _matching_importers(importers, weights)
    recipes = list(dict.fromkeys(r for name in matching for r in importers[name].recipes))
    if recipe not in (None, *recipes):
        raise ConfigError(
            f"--recipe {recipe}: {weights.name} is recognized by {', '.join(matching)}."
            f"{suggest(str(recipe), recipes)}"
        )
    name = next(n for n in matching if recipe is None or recipe in importers[n].recipes)
    used_networks = [each.network for each in (weights, *opposite)]
    ignored = tuple(each.network for each in all_networks if each.network not in used_networks)
    if other:
        _, importable = _find_importable(other, importers, {name: importers[name]})
        opposite = _choose_networks(other, importable, ())
    importer: Importer = create("importer", {"name": name, **(options or {})})
    return Recognition(name, importer, weights, opposite[0] if opposite else None, ignored)


def _find_importable(
    file: Path, importers: Mapping[str, Importer], suitable: Mapping[str, Importer]
) -> tuple[list[ForeignWeights], dict[str, ForeignWeights]]:
    """Return all networks of a file, and by name the networks that one of `suitable` can import."""
    networks = find_networks(read_weights(file), importers)
    importable = {each.network: each for each in networks if _matching_importers(suitable, each)}
    if not importable:
        raise_unknown(networks, importers)
    return networks, importable


def find_networks(
    weights: ForeignWeights, importers: Mapping[str, Importer]
) -> list[ForeignWeights]:
    """Return the networks of a file that importers recognize; the whole file if there are none."""
    if _matching_importers(importers, weights, also_refused=True):
        return [weights]
    groups: dict[str, dict[str, Tensor]] = {}
    for key, tensor in weights.tensors.items():
        folder, _, name = key.rpartition("/")
        groups.setdefault(folder, {})[name] = tensor
    networks = [
        network
        for name, tensors in groups.items()
        for network in _search(replace(weights, network=name, tensors=tensors), importers)
    ]
    return networks or [weights]


def _search(
    weights: ForeignWeights, importers: Mapping[str, Importer], depth: int = MAX_DEPTH
) -> Iterator[ForeignWeights]:
    """Yield `weights` if recognized, else the recognized networks within, up to `depth` deeper."""
    weights = replace(weights, tensors=without_prefixes(weights.tensors))
    if _matching_importers(importers, weights, also_refused=True):
        yield weights
    elif depth:
        groups: dict[str, dict[str, Tensor]] = {}
        for key, tensor in weights.tensors.items():
            component, _, inner_key = key.partition(".")
            if inner_key:
                groups.setdefault(component, {})[inner_key] = tensor
        for component, tensors in groups.items():
            name = f"{weights.network}.{component}".removeprefix(".")
            inner_weights = replace(weights, network=name, tensors=tensors)
            yield from _search(inner_weights, importers, depth - 1)


def _matching_importers(
    importers: Mapping[str, Importer], weights: ForeignWeights, *, also_refused: bool = False
) -> list[str]:
    """Return the names of importers that recognize `weights`.

    With `also_refused`, include importers without recipes, which recognize networks to refuse them.
    """
    matching = []
    for name, importer in importers.items():
        with plugin_code(importer, "recognizes"):
            if (importer.recipes or also_refused) and importer.recognizes(weights):
                matching.append(name)
    return matching


def _choose_networks(
    file: Path, importable: Mapping[str, ForeignWeights], networks: Sequence[str]
) -> list[ForeignWeights]:
    """Return the networks called `networks`; the only network if `networks` is empty."""
    if not networks and len(importable) > 1:
        example = printable_name(" ".join(list(importable)[:2]))
        raise ConfigError(
            f"{file} has {len(importable)} networks, {_join_first(importable)}: choose one by "
            f"--network NAME, or both directions by --network {example}."
        )
    return [importable[_full_name(file, importable, name)] for name in networks or importable]


def _full_name(file: Path, importable: Mapping[str, ForeignWeights], name: str) -> str:
    """Return the full name of a network; `name` may be its last components."""
    matching = [full for full in importable if full.endswith((f".{name}", f"/{name}"))]
    if name in importable:
        return name
    if len(matching) != 1:
        hint = printable_name(suggest(name, importable).strip())
        raise ConfigError(f"--network {name}: {file} has no such network. {hint}")
    return matching[0]


def _join_first(texts: Collection[str]) -> str:
    """Return the first of `texts` in one line, and how many more there are."""
    more = f" and {len(texts) - MAX_LISTED} more" if len(texts) > MAX_LISTED else ""
    return printable_name(", ".join(list(texts)[:MAX_LISTED])) + more


def raise_unknown(networks: Sequence[ForeignWeights], importers: Mapping[str, Importer]) -> None:
    """Raise the error of an importer that refuses one of `networks`, or else a general error."""
    for weights in networks:
        for name in _matching_importers(importers, weights, also_refused=True):
            with plugin_code(importers[name], "convert"):
                importers[name].convert(weights, None, None)
    weights = networks[0]
    shapes = [f"{key} {tuple(tensor.shape)}" for key, tensor in weights.tensors.items()]
    raise CheckpointError(
        f"no importer recognizes {weights.path}: it has {_join_first(shapes)}. Tried: "
        f"{', '.join(importers)}. A plugin can add an importer: see plugins/README.md."
    )
