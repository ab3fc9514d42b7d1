"""Pairs by the suffixes of names: ``1_in.png`` and ``1_out.png`` in one folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from translate.batches import Domain, ImageSpec
from translate.errors import ConfigError, DataError, join_words
from translate.folders.listing import stem_below
from translate.folders.lookup import (
    Folder,
    candidate_folders,
    expect_domains,
    find_domains,
    first_folder_with_images,
    notes,
    problems,
)
from translate_plugins.layouts.partners import AlignedPairs, match_partners


class FilesBySuffix(NamedTuple):
    """The images of a folder, by the suffixes of their names."""

    sources: dict[str, Path]
    """by name without suffix"""
    targets: dict[str, Path]
    """by name without suffix"""
    others: list[Path]
    """images with neither suffix"""


class SuffixPairs(AlignedPairs):
    """Pairs of images with names that differ in a suffix before the dot.

    ``--domains photos`` is one folder with both sides; ``--domains A B`` are two folders.
    """

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        source: Annotated[
            str, "end of the names of source images, before the dot, such as _in; may be empty"
        ],
        target: Annotated[
            str, "end of the names of target images, before the dot, such as _out; may be empty"
        ],
        drop_unpaired: Annotated[
            bool, "skip images without a partner instead of raising an error"
        ] = False,
    ) -> None:
        if source == target:
            raise ConfigError(
                f"layout 'suffix': source and target are both {source!r}, expected two different "
                'suffixes: --set "data.layout={name: suffix, source: _in, target: _out}"'
            )
        if len(domains) != 1:
            expect_domains("suffix", domains, 2)
        names = (
            domains
            if len(domains) == 2
            else [_side_name(suffix, domains[0]) for suffix in (source, target)]
        )
        self.spec = ImageSpec(domains=tuple(map(Domain, names)))
        folders = _folders(root, domains, split)
        source_folder, target_folder = folders[0], folders[-1]  # one folder may have both sides
        in_source = _split_by_suffix(source_folder, source, target)
        in_target = _split_by_suffix(target_folder, source, target)
        sources, targets = in_source.sources, in_target.targets
        skipped_images = {*in_source.others, *in_target.others}
        if len(folders) == 2:
            skipped_images |= {*in_source.targets.values(), *in_target.sources.values()}
        keys, skip_notes = match_partners(
            [f"*{source}", f"*{target}"],
            sources,
            targets,
            drop_unpaired=drop_unpaired,
            rule=f"A pair is NAME{source}.png and NAME{target}.png, with any file type.",
        )
        self.set_pairs([(sources[key], targets[key]) for key in keys], leave_out)
        if not self.pairs:
            images = [path for folder in folders for path in folder.files]
            raise DataError(
                f"{join_words(folder.path for folder in folders)}: no pair NAME{source} and "
                f"NAME{target} among {len(images)} images such as {images[0].name} can be used. "
                "Expected source and target as the ends of names before the dot."
            )
        self.notes, self.problems = [*notes(*folders), *skip_notes], problems(*folders)
        if skipped_images:
            self.notes.append(
                f"skipped {len(skipped_images)} images with names that end in neither {source!r} "
                f"nor {target!r}, the first is {min(skipped_images)}"
            )


def _folders(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    """Return one folder with both sides, or one for each side.

    Without folders of the names of two domains, the root (or its split) has both sides.
    """
    candidates = [folder for name in domains for folder in candidate_folders(root, name, split)]
    if len(domains) == 2 and not any(folder.exists() for folder in candidates):
        return [first_folder_with_images(f"pairs of {join_words(domains)}", [root / split, root])]
    return find_domains(root, domains, split)


def _side_name(suffix: str, domain: str) -> str:
    """Return the name of a side: `suffix` without punctuation, or `domain` if nothing is left."""
    return suffix.strip("-_. ") or domain


def _split_by_suffix(folder: Folder, source: str, target: str) -> FilesBySuffix:
    """Return the images of `folder` by the suffixes `source` and `target`.

    The longer suffix is tried first, since it may end with the other: ``_main_in`` and ``_in``.
    Raises `DataError` for two files of one name.
    """
    files = FilesBySuffix({}, {}, [])
    files_by_suffix = {source: files.sources, target: files.targets}
    longest_first = sorted(files_by_suffix, key=len, reverse=True)
    for path in folder.files:
        name = stem_below(path, folder.path)
        for suffix in longest_first:
            if name.endswith(suffix):
                key, files_by_key = name.removesuffix(suffix), files_by_suffix[suffix]
                if key in files_by_key:
                    raise DataError(
                        f"{files_by_key[key]} and {path} have the same name: keep one of them."
                    )
                files_by_key[key] = path
                break
        else:
            files.others.append(path)
    return files
