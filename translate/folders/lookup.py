"""Find the folder of a domain, and its images.

The training images of a domain ``summer`` are in ``ROOT/summer/train``, ``ROOT/train/summer``,
``ROOT/trainsummer`` (as ``trainA`` in the published archives of CycleGAN is the domain ``A``), or
``ROOT/summer`` itself. The test images of a domain ``trainA`` are in ``testA`` next to it. A domain
may also be given as a path. All functions here are for layouts of plugins, too.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from translate import registry
from translate.errors import BadImage, ConfigError, DataError, join_words, short_repr, suggest
from translate.folders import distinct, skipped
from translate.folders.braces import is_pattern
from translate.folders.listing import is_path, match, scan, subfolders
from translate.folders.names import SPLITS, is_split
from translate.folders.walk import is_folder
from translate.images.files.format_registry import image_suffixes
from translate.images.files.tar_files import is_tar


class Folder(NamedTuple):
    """The folder of a domain, with its images."""

    path: Path
    files: Sequence[Path]
    skipped: Sequence[Path] = ()
    """Files below the folder without an image suffix."""
    problems: Sequence[BadImage] = ()
    """An error for each dead link and each unreadable file below the folder."""
    outside_split: Sequence[Path] = ()
    """Images in the parent folder, which are not read, if this is the folder of a split."""


def expect_domains(
    layout: str, domains: Sequence[str], count: int, *, or_more: bool = False, hint: str = ""
) -> None:
    """Raise an error unless a layout gets as many domains as it reads.

    Args:
        layout: The name of the layout.
        domains: The names of the domains.
        count: The number of domains that the layout reads.
        or_more: Accept more domains.
        hint: The end of the error message, which begins with a space.

    Raises:
        ConfigError: The layout gets too few or too many domains.
    """
    if len(domains) == count or (or_more and len(domains) > count):
        return
    expected = ("one domain" if count == 1 else "two domains") + " or more" * or_more
    names = f": {', '.join(domains[:6])}{', ...' * (len(domains) > 6)}" if domains else ""
    suffixes = {Path(domain).suffix.lower() for domain in domains}
    expanded = len(domains) > count and suffixes <= image_suffixes()
    if expanded:
        hint = ' Quote a pattern, so that the shell does not expand it: "photos/a*.jpg".'
    if not domains:
        hint = f" Name {'it' if count == 1 else 'them'}: --domains {' '.join('AB'[:count])}"
    raise ConfigError(f"layout {layout!r} reads {expected}, got {len(domains)}{names}.{hint}")


def find_domains(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    """Return the folder of each domain, with its images.

    Args:
        root: The folder that holds the domains.
        domains: Names of folders, paths, or globs.
        split: The subfolder to read, such as ``train``.

    Raises:
        DataError: A domain has no images, or two domains share images.
    """
    expect_different_domains(root, domains)
    folders = [_find_domain(root, name, split) for name in domains]
    distinct.refuse_shared(domains, [folder.files for folder in folders])
    return folders


def expect_different_domains(root: Path, domains: Sequence[str]) -> None:
    """Raise an error if two domains have the same name or path; no image is read.

    Args:
        root: The folder that holds the domains.
        domains: Names of folders, paths, or globs.

    Raises:
        DataError: Two domains are the same.
        ConfigError: A name is empty.
    """
    if not all(name.strip() for name in domains):
        raise ConfigError(f"data.domains: expected names or paths, got {short_repr([*domains])}.")
    places = [Path(name) if is_path(root, name) else root / name for name in domains]
    distinct.refuse_equal(domains, places)


def first_folder_with_images(name: str, places: Sequence[Path], hint: str = "") -> Folder:
    """Return the first of `places` that holds images, except images in its folders of splits.

    `name` and `hint` are the beginning and the end of the `DataError` if there is none.
    """
    existing = [place for place in places if is_folder(place)]
    folders: list[Folder] = []
    for place in existing:
        files = scan(place)
        images, skipped = (
            [path for path in paths if not _in_split(path.relative_to(place))]
            for paths in (files.images, files.skipped)
        )
        problems = [each for each in files.problems if not _in_split(each.path.relative_to(place))]
        folders.append(Folder(place, images, skipped, problems, _outside_split(place, existing)))
        if images:
            return folders[-1]
    if existing:
        raise DataError(f"{name}: no images in {join_words(existing)}{_why_none(folders)}.")
    looked_for = join_words(dict.fromkeys(places[:2]))
    raise DataError(f"no folder for {name}: looked for {looked_for}.{hint}")


def notes(*folders: Folder, read: Iterable[Path] = ()) -> list[str]:
    """Return messages on skipped files, for `Layout.notes`.

    Args:
        folders: The folders of the domains.
        read: Files without an image suffix that the layout has read itself.
    """
    excluded = set(read)
    text = skipped.describe([p for folder in folders for p in folder.skipped if p not in excluded])
    messages = [text] if text else []
    for folder in {folder.path: folder for folder in folders if folder.outside_split}.values():
        count = len(folder.outside_split)
        messages.append(
            f"skipped {count} image{'s' * (count > 1)} next to {folder.path}, the folder of this "
            f"split: the first is {folder.outside_split[0]}"
        )
    return messages


def problems(*folders: Folder) -> list[BadImage]:
    """Return an error for each dead link or unreadable file of `folders`, for `Layout.problems`."""
    return [error for folder in folders for error in folder.problems]


def usable_files(folder: Folder, leave_out: Iterable[Path]) -> list[Path]:
    """Return the files of a folder that can be read.

    Args:
        folder: The folder of a domain.
        leave_out: Unreadable files.

    Raises:
        DataError: No file is left.
    """
    unusable = set(leave_out)
    if usable := [path for path in folder.files if path not in unusable]:
        return usable
    raise DataError(f"{folder.path}: not one of its {len(folder.files)} images can be read.")


def _find_domain(root: Path, name: str, split: str) -> Folder:
    """Return the folder, tar file, image or matching images that the domain `name` stands for."""
    candidates, description = candidate_folders(root, name, split), f"domain {name!r}"
    if any(place.is_dir() for place in candidates):
        return first_folder_with_images(description, candidates)
    for path in (Path(name), root / name):
        if is_tar(path):
            return Folder(path, *scan(path))
        if path.is_file():
            return Folder(path.parent, [path])
        if is_pattern(name):
            folder, files = match(path)
            if files.images:
                return Folder(folder, *files)
    if is_pattern(name):
        raise DataError(f"{description}: no image matches this pattern, here or in {root}.")
    hint = _hint_of_split(root, name) or suggest(name, _names(root))
    if not is_path(root, name) and not root.is_dir():
        hint = f" There is no folder {root}: --data DIR names the one that holds the domains."
    return first_folder_with_images(description, candidates, hint)


def _hint_of_split(root: Path, name: str) -> str:
    """Return a hint if a split of `root`, such as ``train``, has a folder `name`; else ""."""
    splits = (_subfolder(root, split) for split in sorted(SPLITS))
    folder = next((folder for folder in splits if (folder / name).is_dir()), None)
    return f" There is {folder / name}: pass --data {folder}." if folder else ""


def candidate_folders(root: Path, name: str, split: str) -> list[Path]:
    """Return the possible folders of the domain called `name`, the preferred one first."""
    split_folder = _subfolder(root / name, split)
    siblings = _sibling_of_split(root / name, split)
    if is_path(root, name):
        path = Path(name)
        path_siblings = _sibling_of_split(path, split)
        below_root = [split_folder, *siblings, root / name]
        return [_subfolder(path, split), *path_siblings, path, *below_root]
    in_split_of_root = [_subfolder(root, split) / name, root / f"{split}{name}"]
    return [split_folder, *siblings, root / name, *in_split_of_root]


def _sibling_of_split(folder: Path, split: str) -> list[Path]:
    """Return the folder ``testA`` next to `folder` ``trainA``, for the split ``test``; else []."""
    rest = folder.name[len("train") :]
    if split == "train" or not rest or not folder.name.lower().startswith("train"):
        return []
    sibling = folder.with_name(f"{split}{rest}")
    return [sibling] if sibling.is_dir() else []


def _subfolder(folder: Path, split: str) -> Path:
    """Return the subfolder of `folder` for `split`; its name may differ in case."""
    usual = folder / split
    if usual.is_dir() or not folder.is_dir():
        return usual
    with os.scandir(folder) as listing:
        names = sorted(entry.name for entry in listing if entry.name.lower() == split.lower())
    return folder / (names or [split])[0]


def _outside_split(place: Path, folders: Sequence[Path]) -> list[Path]:
    """Return the images next to `place`, if it is the folder of a split in one of `folders`."""
    if not is_split(place.name) or place.parent not in folders:
        return []
    return scan(place.parent, deep=False).images


def _in_split(path: Path) -> bool:
    return len(path.parts) > 1 and is_split(path.parts[0])


def _why_none(folders: Sequence[Folder]) -> str:
    """Return a clause on what is in `folders`, which have no images, or ""."""
    reasons = [*dict.fromkeys(str(error) for error in problems(*folders)).keys()][:1]
    paths = list(dict.fromkeys(path for folder in folders for path in folder.skipped))
    texts = [text for text in (*reasons, skipped.describe(paths)) if text]
    return f": {'; '.join(texts)}" if texts else ""


def _names(root: Path) -> set[str]:
    """Return the names of domains below `root`; for the default root, also of sample domains."""
    samples = set(registry.names("domain")) if root == Path("datasets") else set()
    if not root.is_dir():
        return samples
    by_name = {folder.name: folder for folder in subfolders(root)}
    in_splits = {folder.name for s in SPLITS & by_name.keys() for folder in subfolders(by_name[s])}
    return samples | (by_name.keys() - SPLITS) | in_splits
