"""Find the networks in a file of weights that importers recognize, and choose one or two."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
"""keys that a message lists"""
MAX_DEPTH = 3
"""components of a key that may name a network, as ``model.generator`` in
``model.generator.main.weight``"""


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
    parts, importable = _networks_of(file, importers, importers)
    first, *rest = _choose(file, importable, networks)
    matching = _recognizing(importers, first)
    recipes = list(dict.fromkeys(r for name in matching for r in importers[name].recipes))
    if recipe not in (None, *recipes):
        raise ConfigError(
            f"--recipe {recipe}: {first.name} is recognized by {', '.join(matching)}."
            f"{suggest(str(recipe), recipes)}"
        )
    name = next(n for n in matching if recipe is None or recipe in importers[n].recipes)
    if other:
        _, importable = _networks_of(other, importers, {name: importers[name]})
        rest = _choose(other, importable, ())
    used = [first.network, *(part.network for part in rest if not other)]
    ignored = tuple(part.network for part in parts if part.network not in used)
    importer: Importer = create("importer", {"name": name, **(options or {})})
    return Recognition(name, importer, first, rest[0] if rest else None, ignored)


def _networks_of(
    file: Path, importers: Mapping[str, Importer], suitable: Mapping[str, Importer]
) -> tuple[list[ForeignWeights], dict[str, ForeignWeights]]:
    """Return all networks of a file, and by name those that one of `suitable` can import."""
    parts = find_networks(read_weights(file), importers)
    importable = {part.network: part for part in parts if _recognizing(suitable, part)}
    if not importable:
        raise_unknown(parts, importers)
    return parts, importable


def find_networks(
    weights: ForeignWeights, importers: Mapping[str, Importer]
) -> list[ForeignWeights]:
    """Return the networks of a file that importers recognize; the whole file if there are none."""

    def known(part: ForeignWeights) -> bool:
        return bool(_recognizing(importers, part, also_refused=True))

    groups: dict[str, dict[str, Tensor]] = {}
    for key, tensor in weights.tensors.items():
        folder, _, name = key.rpartition("/")
        groups.setdefault(folder, {})[name] = tensor
    if known(weights):
        return [weights]
    return [
        network
        for name, tensors in groups.items()
        for network in _search(replace(weights, network=name, tensors=tensors), known, MAX_DEPTH)
    ] or [weights]


def _search(
    weights: ForeignWeights, known: Callable[[ForeignWeights], bool], depth: int
) -> Iterator[ForeignWeights]:
    """Yield `weights` if `known`, else the known networks of each first component of the keys."""
    weights = replace(weights, tensors=without_prefixes(weights.tensors))
    if known(weights):
        yield weights
    elif depth:
        groups: dict[str, dict[str, Tensor]] = {}
        for key, tensor in weights.tensors.items():
            start, _, rest = key.partition(".")
            if rest:
                groups.setdefault(start, {})[rest] = tensor
        for start, tensors in groups.items():
            name = f"{weights.network}.{start}".removeprefix(".")
            yield from _search(replace(weights, network=name, tensors=tensors), known, depth - 1)


def _recognizing(
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


def _choose(
    file: Path, importable: Mapping[str, ForeignWeights], networks: Sequence[str]
) -> list[ForeignWeights]:
    """Return the networks called `networks`; the only network if `networks` is empty."""
    if not networks and len(importable) > 1:
        example = printable_name(" ".join(list(importable)[:2]))
        raise ConfigError(
            f"{file} has {len(importable)} networks, {_listed(importable)}: choose one by "
            f"--network NAME, or both directions by --network {example}."
        )
    return [importable[_full_name(file, importable, name)] for name in networks or importable]


def _full_name(file: Path, importable: Mapping[str, ForeignWeights], name: str) -> str:
    """Return the full name of the network called `name`, which may be the end of it."""
    matching = [full for full in importable if full.endswith((f".{name}", f"/{name}"))]
    if name in importable:
        return name
    if len(matching) != 1:
        hint = printable_name(suggest(name, importable).strip())
        raise ConfigError(f"--network {name}: {file} has no such network. {hint}")
    return matching[0]


def _listed(texts: Collection[str]) -> str:
    """Return the first of `texts` in one line, and how many more there are."""
    more = f" and {len(texts) - MAX_LISTED} more" if len(texts) > MAX_LISTED else ""
    return printable_name(", ".join(list(texts)[:MAX_LISTED])) + more


def raise_unknown(parts: Sequence[ForeignWeights], importers: Mapping[str, Importer]) -> None:
    """Raise the error of an importer that refuses one of `parts`, or else a general one."""
    for weights in parts:
        for name in _recognizing(importers, weights, also_refused=True):
            with plugin_code(importers[name], "convert"):
                importers[name].convert(weights, None, None)
    weights = parts[0]
    shapes = [f"{key} {tuple(tensor.shape)}" for key, tensor in weights.tensors.items()]
    raise CheckpointError(
        f"no importer recognizes {weights.path}: it has {_listed(shapes)}. Tried: "
        f"{', '.join(importers)}. A plugin can add an importer: see plugins/README.md."
    )
