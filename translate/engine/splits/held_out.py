"""Choose the items that are held out for validation, the same items on every machine.

Whether an item is held out depends on the seed and on the name of the item, or of its group. So new
files do not move other files to the other split.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from translate.batches import Item, Layout, Transform
from translate.engine.config.schema import Data
from translate.engine.data.blank import Blank
from translate.engine.splits.groups import group_of, relative_names
from translate.errors import DataError


class Subset(Layout):
    """Some of the items of a layout that reads one file of many images."""

    def __init__(self, layout: Layout, indices: Sequence[int]) -> None:
        self.layout, self.indices = layout, indices
        self.batch, self.spec, self.files = layout.batch, layout.spec, layout.files
        self.sources, self.notes, self.problems = layout.sources, layout.notes, layout.problems

    def __len__(self) -> int:
        return len(self.indices)

    def pick(self, index: int, random: Random) -> Item:
        return self.layout.pick(self.indices[index], random)

    def load(self, item: Item, transform: Transform) -> Any:
        return self.layout.load(item, transform)


class SplitUnit(NamedTuple):
    """Images that are held out together or not at all: those of a group, a pair, or one image."""

    key: str
    """name of the unit; its hash decides whether the unit is held out"""
    strata: set[Hashable]
    """domains and classes of the images: each domain and class needs images in both splits"""
    members: list[Any]
    """files, or indices of items in a layout without files"""


def choose_held_out(layout: Layout, data: Data, share: float, seed: int) -> list[Any]:
    """Return the files of items to hold out, about the fraction `share` of all items.

    For a layout without files, these are the indices of the items.
    Every domain and class has images in both splits. Raises `DataError` if that is impossible.
    """
    units = split_units(layout, data)
    fractions = {unit.key: _hash_fraction(seed, unit.key) for unit in units}
    chosen_units = {key for key, fraction in fractions.items() if fraction < share}
    strata = defaultdict[Hashable, list[str]](list)
    for unit in units:
        for stratum in unit.strata:
            strata[stratum].append(unit.key)
    for keys in strata.values():
        ranked = sorted(keys, key=fractions.__getitem__)
        if chosen_units.isdisjoint(ranked):
            chosen_units.add(ranked[0])
        if chosen_units.issuperset(ranked):
            chosen_units.remove(ranked[-1])
    for stratum, keys in strata.items():
        if chosen_units.isdisjoint(keys) or chosen_units.issuperset(keys):
            what = "group of data.groups" if data.groups else "image"
            raise DataError(
                f"data.validation: {_stratum_name(layout, stratum)} has {len(keys)} {what}"
                f"{'s' * (len(keys) != 1)}, too few to hold any out. Expected images in both "
                "splits: add some, or name a split: --set data.validation=val"
            )
    return [member for unit in units if unit.key in chosen_units for member in unit.members]


def split_units(layout: Layout, data: Data) -> list[SplitUnit]:
    """Return the units that a data set is split into: groups, pairs or single images."""
    names: dict[Any, str] = {**relative_names(layout.files, data)}
    if not names:
        picked = (layout.pick(index, Random(0)) for index in range(len(layout)))
        names = {i: f"{item.files[-1].name}#{item.key}" for i, item in enumerate(picked)}
    keys = {member: group_of(name, data.groups) or name for member, name in names.items()}
    merged = _merged_keys(layout, keys) if layout.paired and layout.files else {}
    strata, units = _strata(layout), dict[str, SplitUnit]()
    for member, member_key in keys.items():
        key = merged.get(member_key, member_key)
        unit = units.setdefault(key, SplitUnit(key, set(), []))
        unit.members.append(member)
        unit.strata.update(strata.get(member, {""}))
    return list(units.values())


def _hash_fraction(seed: int, key: str) -> float:
    """Return a hash of a key in [0, 1); keys with a hash below the share are held out."""
    digest = sha256(f"{seed}/{key}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _merged_keys(layout: Layout, keys: dict[Any, str]) -> dict[str, str]:
    """Return the key of the merged unit of each key: both files of a pair must be in one unit.

    This is a union-find: `parents` leads from each key to the smallest key of its unit.
    """
    parents = {key: key for key in keys.values()}

    def root(key: str) -> str:
        while parents[key] != key:
            key = parents[key]
        return key

    for index in range(len(layout)):
        roots = {root(keys[path]) for path in layout.pick(index, Random(0)).files if path in keys}
        parents |= dict.fromkeys(roots, min(roots, default=""))
    return {key: root(key) for key in parents}


def _strata(layout: Layout) -> dict[Any, set[Hashable]]:
    """Return the domains and classes of each file, or index of an item, if the layout has them."""
    strata = defaultdict[Any, set[Hashable]](set)
    for domain, files in enumerate(layout.domain_files):
        for path in files:
            strata[path].add(domain)
    if layout.spec.classes and "labels" in getattr(layout.batch, "_fields", ()):
        blank = Blank(layout.spec.size, layout.spec)
        for index in range(len(layout)):
            item = layout.pick(index, Random(0))
            label = layout.spec.classes[int(layout.load(item, blank).labels)]
            strata[item.files[0] if layout.files else index].add(label)
    return strata


def _stratum_name(layout: Layout, stratum: Hashable) -> str:
    names = layout.spec.names
    if isinstance(stratum, int):
        return f"the domain {names[stratum]!r}" if stratum < len(names) else "a domain"
    return f"the class {stratum!r}" if stratum else "the data set"
