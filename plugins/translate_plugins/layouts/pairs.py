"""Layouts of two domains: unpaired, paired by name, and paired side by side in one image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Annotated

from translate.batches import Domain, ImageSpec, Item, Layout, Pair, Transform
from translate.errors import BadImage, ConfigError, DataError, join_words, suggest
from translate.folders.lookup import (
    expect_different_domains,
    expect_domains,
    find_domains,
    first_folder_with_images,
    notes,
    problems,
    usable_files,
)
from translate_plugins.layouts.partners import (
    OTHER_LAYOUTS,
    AlignedPairs,
    index_by_name,
    match_partners,
)
from translate_plugins.layouts.single_files import SingleFiles


class Unpaired(Layout):
    """Two folders of unpaired images; an epoch is one pass over the larger domain."""

    batch = Pair

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("unpaired", domains, 2)
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        unreadable = set(leave_out)
        source, target = find_domains(root, domains, split)
        self.source = usable_files(source, unreadable)
        self.target = usable_files(target, unreadable)
        self.domain_files = [self.source, self.target]
        self.files = sorted({*self.source, *self.target})
        self.notes, self.problems = notes(source, target), problems(source, target)

    def __len__(self) -> int:
        return max(len(self.source), len(self.target))

    def pick(self, index: int, random: Random) -> Item:
        """Return image `index` of the larger domain, and a random image of the other domain."""
        if len(self.source) >= len(self.target):
            return Item((self.source[index], random.choice(self.target)))
        return Item((random.choice(self.source), self.target[index]))

    def load(self, item: Item, transform: Transform) -> Pair:
        source_file, target_file = item.files
        (source,) = transform(transform.read(source_file), roles=("source",))
        (target,) = transform(transform.read(target_file), roles=("target",))
        return Pair(source, target)


class Paired(AlignedPairs):
    """Two folders of paired images: files of the same name, with any suffix."""

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        drop_unpaired: Annotated[
            bool, "skip images without a partner instead of raising an error"
        ] = False,
    ) -> None:
        expect_domains("paired", domains, 2, hint=OTHER_LAYOUTS if len(domains) == 1 else "")
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        folders = find_domains(root, domains, split)
        sources, targets = (index_by_name(folder.path, folder.files) for folder in folders)
        names, skip_notes = match_partners(domains, sources, targets, drop_unpaired=drop_unpaired)
        self.set_pairs([(sources[name], targets[name]) for name in names], leave_out)
        if not self.pairs:
            reason = "none can be used" if names else "no two files have the same name"
            raise DataError(
                f"no pairs of {join_words(domains)} below {root}: {reason}.{OTHER_LAYOUTS}"
            )
        self.notes, self.problems = [*notes(*folders), *skip_notes], problems(*folders)


class SideBySide(SingleFiles):
    """One folder of paired images joined side by side; `sides` names the halves."""

    batch = Pair
    paired = joined = True

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        sides: Annotated[Sequence[str], "the domains of the left and the right half"] = (),
    ) -> None:
        expect_domains("side-by-side", domains, 2)
        expect_different_domains(root, domains)
        if len(set(sides)) != 2:
            raise ConfigError(
                "layout 'side-by-side' needs the names of the left and the right half: "
                f'--set "data.layout={{name: side-by-side, sides: [{", ".join(domains)}]}}"'
            )
        for name in domains:
            if name not in sides:
                raise ConfigError(f"no side is called {name!r}.{suggest(name, sides)}")
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)), sides=tuple(sides))
        self.halves = [sides.index(name) for name in domains]  # 0: left, 1: right
        folder = first_folder_with_images(f"pairs of {join_words(domains)}", [root / split, root])
        self.files = usable_files(folder, leave_out)
        self.notes, self.problems = notes(folder), problems(folder)

    def load(self, item: Item, transform: Transform) -> Pair:
        (path,) = item.files
        pixels = transform.read(path)
        middle, is_odd = divmod(pixels.shape[1], 2)
        if is_odd or not middle:
            raise BadImage(path, f"cannot be halved: it is {pixels.shape[1]} pixels wide")
        left_and_right = pixels[:, :middle], pixels[:, middle:]
        return Pair(*transform(*(left_and_right[half] for half in self.halves)))
