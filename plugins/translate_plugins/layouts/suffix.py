"""Pairs by the suffixes of names: ``1_in.png`` and ``1_out.png`` in one folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Annotated

from translate.batches import Domain, ImageSpec, Item, Layout, Pair, Transform
from translate.errors import ConfigError, DataError
from translate.folders.listing import listed, stem_below
from translate.folders.lookup import (
    Folder,
    expect,
    find_domains,
    first_with_images,
    notes,
    places,
    problems,
)
from translate_plugins.layouts.partners import load_pair, partners


class SuffixPairs(Layout):
    """Pairs of images whose names differ in a suffix before the dot.

    ``--domains photos`` is the folder of both; ``--domains A B`` are one for each side.
    """

    batch, paired = Pair, True

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        source: Annotated[str, "how names of source images end, before the dot; may be empty"],
        target: Annotated[str, "how names of target images end, before the dot; may be empty"],
        drop_unpaired: Annotated[bool, "skip images without a partner instead of refusing"] = False,
    ) -> None:
        if source == target:
            raise ConfigError(
                f"layout 'suffix': source and target are both {source!r}, expected two different "
                'suffixes: --set "data.layout={name: suffix, source: _in, target: _out}"'
            )
        if len(domains) != 1:
            expect("suffix", domains, 2)
        ends = source, target
        names = domains if len(domains) == 2 else [_name(end, domains[0]) for end in ends]
        self.spec = ImageSpec(domains=tuple(map(Domain, names)))
        found = _folders(root, domains, split)
        left, right = (
            _by_stem(folder.path, folder.files, ends) for folder in (found[0], found[-1])
        )
        sides, others = (left[0][0], right[0][1]), {*left[1], *right[1]}
        if len(found) == 2:
            others |= {*left[0][1].values(), *right[0][0].values()}
        both, dropped = partners(
            [f"*{source}", f"*{target}"],
            *sides,
            drop_unpaired=drop_unpaired,
            rule=f"A pair is NAME{source}.png and NAME{target}.png, whatever the file type.",
        )
        bad = set(leave_out)
        pairs = [(sides[0][key], sides[1][key]) for key in both]
        self.pairs = [pair for pair in pairs if bad.isdisjoint(pair)]
        if not self.pairs:
            count = sum(len(folder.files) for folder in found)
            raise DataError(
                f"{' and '.join(str(folder.path) for folder in found)}: no pair NAME{source} and "
                f"NAME{target} among {count} images can be used."
            )
        self.domain_files = list(zip(*self.pairs, strict=True))
        self.files = sorted({path for pair in self.pairs for path in pair})
        self.notes, self.problems = [*notes(*found), *dropped], problems(*found)
        if others:
            self.notes.append(
                f"skipped {len(others)} images whose names end in neither {source!r} nor "
                f"{target!r}, the first is {min(others)}"
            )

    def __len__(self) -> int:
        return len(self.pairs)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item(self.pairs[index])

    def load(self, item: Item, transform: Transform) -> Pair:
        return load_pair(item, transform)


def _folders(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    """Return the folder of both sides, or one for each; the root where domains only name sides."""
    homes = [place for name in domains for place in places(root, name, split)]
    if len(domains) == 2 and not any(place.exists() for place in homes):
        return [first_with_images(f"pairs of {listed(domains)}", [root / split, root])]
    return find_domains(root, domains, split)


def _name(end: str, domain: str) -> str:
    """Return what one side is called: by its suffix, or by the folder where that is empty."""
    return end.strip("-_. ") or domain


def _by_stem(
    folder: Path, files: Iterable[Path], ends: tuple[str, str]
) -> tuple[tuple[dict[str, Path], dict[str, Path]], list[Path]]:
    """Return `files` of the source and the target by what their names have in common, and others.

    The longer suffix is tried first, so that ``_in`` is not found at the end of ``_main_in``.
    """
    sides: tuple[dict[str, Path], dict[str, Path]] = ({}, {})
    others = []
    for path in files:
        name = stem_below(path, folder)
        for side in sorted((0, 1), key=lambda side: -len(ends[side])):
            if name.endswith(ends[side]):
                key = name.removesuffix(ends[side])
                if key in sides[side]:
                    raise DataError(
                        f"{sides[side][key]} and {path} have one name: keep one of them."
                    )
                sides[side][key] = path
                break
        else:
            others.append(path)
    return sides, others
