"""Pairs by the suffixes of names: ``1_in.png`` and ``1_out.png`` in one folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from translate.batches import Domain, ImageSpec
from translate.errors import ConfigError, DataError
from translate.folders.listing import join_words, stem_below
from translate.folders.lookup import (
    Folder,
    expect_domains,
    find_domains,
    first_folder_with_images,
    notes,
    places,
    problems,
)
from translate_plugins.layouts.partners import AlignedPairs, partners


class SuffixPairs(AlignedPairs):
    """Pairs of images whose names differ in a suffix before the dot.

    ``--domains photos`` is one folder with both sides; ``--domains A B`` are two folders.
    """

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        source: Annotated[str, "end of the names of source images, before the dot; may be empty"],
        target: Annotated[str, "end of the names of target images, before the dot; may be empty"],
        drop_unpaired: Annotated[bool, "skip images without a partner, else an error"] = False,
    ) -> None:
        if source == target:
            raise ConfigError(
                f"layout 'suffix': source and target are both {source!r}, expected two different "
                'suffixes: --set "data.layout={name: suffix, source: _in, target: _out}"'
            )
        if len(domains) != 1:
            expect_domains("suffix", domains, 2)
        suffixes = source, target
        names = (
            domains
            if len(domains) == 2
            else [_side_name(suffix, domains[0]) for suffix in suffixes]
        )
        self.spec = ImageSpec(domains=tuple(map(Domain, names)))
        folders = _folders(root, domains, split)
        left, right = (
            _by_stem(folder.path, folder.files, suffixes) for folder in (folders[0], folders[-1])
        )
        files, others = (left[0][0], right[0][1]), {*left[1], *right[1]}
        if len(folders) == 2:
            others |= {*left[0][1].values(), *right[0][0].values()}
        keys, dropped = partners(
            [f"*{source}", f"*{target}"],
            *files,
            drop_unpaired=drop_unpaired,
            rule=f"A pair is NAME{source}.png and NAME{target}.png, with any file type.",
        )
        unreadable = set(leave_out)
        pairs = [(files[0][key], files[1][key]) for key in keys]
        self.pairs = [pair for pair in pairs if unreadable.isdisjoint(pair)]
        if not self.pairs:
            images = [path for folder in folders for path in folder.files]
            raise DataError(
                f"{join_words(folder.path for folder in folders)}: no pair NAME{source} and "
                f"NAME{target} among {len(images)} images such as {images[0].name} can be used. "
                "Expected source and target as the ends of names before the dot."
            )
        self.domain_files = list(zip(*self.pairs, strict=True))
        self.files = sorted({path for pair in self.pairs for path in pair})
        self.notes, self.problems = [*notes(*folders), *dropped], problems(*folders)
        if others:
            self.notes.append(
                f"skipped {len(others)} images with names that end in neither {source!r} nor "
                f"{target!r}, the first is {min(others)}"
            )


def _folders(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    """Return one folder with both sides, or two; the root if no folder has a domain's name."""
    candidates = [folder for name in domains for folder in places(root, name, split)]
    if len(domains) == 2 and not any(folder.exists() for folder in candidates):
        return [first_folder_with_images(f"pairs of {join_words(domains)}", [root / split, root])]
    return find_domains(root, domains, split)


def _side_name(suffix: str, domain: str) -> str:
    """Return the name of one side: its suffix, or the domain if that is empty."""
    return suffix.strip("-_. ") or domain


def _by_stem(
    folder: Path, files: Iterable[Path], suffixes: tuple[str, str]
) -> tuple[tuple[dict[str, Path], dict[str, Path]], list[Path]]:
    """Return the files of source and target by their names without suffix, and all other files.

    The longer suffix is tried first, since it may end with the other: ``_main_in`` and ``_in``.
    """
    sides: tuple[dict[str, Path], dict[str, Path]] = ({}, {})
    others = []
    for path in files:
        name = stem_below(path, folder)
        for side in sorted((0, 1), key=lambda side: -len(suffixes[side])):
            if name.endswith(suffixes[side]):
                key = name.removesuffix(suffixes[side])
                if key in sides[side]:
                    raise DataError(
                        f"{sides[side][key]} and {path} have the same name: keep one of them."
                    )
                sides[side][key] = path
                break
        else:
            others.append(path)
    return sides, others
