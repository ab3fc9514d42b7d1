"""Folders of images: what lies in them, and where the images of a domain are.

A domain is a folder: ``ROOT/summer/train``, ``ROOT/train/summer``, ``ROOT/trainsummer`` (which is
what ``trainA`` of the published archives is for the domain ``A``), or ``ROOT/summer`` itself. A
path works wherever a name does. Layouts of plugins may use all of this.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from glob import has_magic
from pathlib import Path
from typing import Any, NamedTuple

from translate import images, registry
from translate.engine import distinct, skipped
from translate.engine.names import SPLITS, any_hidden, is_hidden, is_own
from translate.errors import BadImage, ConfigError, DataError, shown, suggest

MOST_NAMES = 100
"""under how many names one folder is read: links may double with every level"""


# -- what lies in a folder -------------------------------------------------------------------------


class Found(NamedTuple):
    """What lies below a folder."""

    images: list[Path]
    skipped: list[Path]
    """Files with another suffix, without our own such as ``captions.jsonl``."""
    problems: list[BadImage]
    """Links to nothing, and files and folders that cannot be looked at."""


def find_images(source: Path) -> list[Path]:
    """Return the images at any depth below `source`, sorted."""
    return scan(source).images


def scan(source: Path, *, deep: bool = True) -> Found:
    """Return what lies at any depth below `source`, by name: a file with two names is found twice.

    Links are followed; only a folder that leads back to one it lies in is not entered again. What
    `is_hidden` is passed over. Without `deep`, no folder in it is entered. Raises `DataError` where
    there is no such folder.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder.")
    found, visits = Found([], [], []), Counter[Path]()
    folders: list[tuple[Path, tuple[Path, ...]]] = [(source, ())]
    while folders:
        folder, above = folders.pop()
        try:
            real = folder.resolve(strict=True)
            if any(real == place or real in place.parents for place in above):
                continue  # a loop
            visits[real] += 1
            if visits[real] > MOST_NAMES:
                if visits[real] == MOST_NAMES + 1:
                    reason = f"links give {real} over {MOST_NAMES} names: the others are not read"
                    found.problems.append(BadImage(folder, reason))
                continue
            with os.scandir(folder) as listing:
                entries = [entry for entry in listing if not is_hidden(entry.name)]
        except (OSError, RuntimeError) as error:
            found.problems.append(BadImage(folder, _reason(error)))
            continue
        for entry in entries:
            if _add(folder / entry.name, found, entry) and deep:
                folders.append((folder / entry.name, (*above, real)))
    return Found(
        sorted(found.images), sorted(found.skipped), sorted(found.problems, key=lambda b: b.path)
    )


def _add(path: Path, found: Found, entry: os.DirEntry[str] | None = None) -> bool:
    """Tell whether `path` is a folder; add anything else to `found`.

    An `entry` of a folder's listing knows that without asking the disk again.
    """
    known: Any = entry or path
    try:
        if known.is_dir():
            return True
        if known.is_file():
            if path.suffix.lower() in images.SUFFIXES:
                found.images.append(path)
            elif not is_own(path.name):
                found.skipped.append(path)
        elif known.is_symlink():
            found.problems.append(BadImage(path, "a link to nothing"))
        elif path.suffix.lower() in images.SUFFIXES:
            found.problems.append(BadImage(path, "neither a file nor a folder"))
    except OSError as error:
        found.problems.append(BadImage(path, _reason(error)))
    return False


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in `folder`, sorted, without those that are passed over.

    Raises `DataError` where there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    return sorted(p for p in folder.iterdir() if p.is_dir() and not is_hidden(p.name))


def match(pattern: str | Path) -> tuple[Path, Found]:
    """Return the folder that the glob `pattern` begins with, and what below it matches.

    ``**`` is any number of folders, links to folders among them.
    """
    root, wanted = _split_pattern(Path(pattern).parts)
    if not root.is_dir():
        return root, Found([], [], [])
    if "**" in wanted:
        all_of_it = scan(root)
        images_, skipped_ = (
            [path for path in paths if _matches(path.relative_to(root).parts, wanted)]
            for paths in (all_of_it.images, all_of_it.skipped)
        )
        bad = [b for b in all_of_it.problems if _matches(b.path.relative_to(root).parts, wanted)]
        return root, Found(images_, skipped_, bad)
    found = Found([], [], [])
    for path in sorted(root.glob("/".join(wanted))):
        if not any_hidden(path.relative_to(root).parts):
            _add(path, found)
    return root, found


def _split_pattern(parts: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that a glob begins with, and the rest; ``[x]`` may be a folder's name."""
    root = Path()
    for place, part in enumerate(parts[:-1]):
        if has_magic(part) and not (root / part).is_dir():
            return root, parts[place:]
        root /= part
    return root, parts[-1:]


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        rests = (parts[start:] for start in range(len(parts) + 1))
        return any(_matches(rest, pattern[1:] or ("*",)) for rest in rests)
    return bool(parts) and fnmatch(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


# -- where the images of a domain lie --------------------------------------------------------------


class Folder(NamedTuple):
    """Where the images of one domain lie."""

    path: Path
    files: Sequence[Path]
    skipped: Sequence[Path] = ()
    """Files below it without an image suffix."""
    problems: Sequence[BadImage] = ()
    """Links to nothing below it, and what cannot be looked at."""
    beside: Sequence[Path] = ()
    """Images beside it, where it is the folder of a split: they are not read."""


def expect(layout: str, domains: Sequence[str], count: int, *, or_more: bool = False) -> None:
    """Raise `ConfigError` where `layout` cannot read as many `domains`."""
    if len(domains) == count or (or_more and len(domains) > count):
        return
    wanted = ("one domain" if count == 1 else "two domains") + " or more" * or_more
    given = f": {', '.join(domains[:6])}{', ...' * (len(domains) > 6)}" if domains else ""
    spread = len(domains) > count and all(
        Path(d).suffix.lower() in images.SUFFIXES for d in domains
    )
    hint = ' Quote a pattern, so that the shell does not expand it: "photos/a*.jpg".' * spread
    if not domains:
        hint = f" Name {'it' if count == 1 else 'them'}: --domains {' '.join('AB'[:count])}"
    raise ConfigError(
        f"layout {layout!r} reads {wanted}, and {len(domains)} are given{given}.{hint}"
    )


def find_domains(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    """Return where the images of each domain lie: a folder, or the matches of a glob.

    Raises `DataError` where there are none, and where two domains have images in common.
    """
    expect_different(root, domains)
    found = [_find_domain(root, name, split) for name in domains]
    distinct.refuse_shared(domains, [folder.files for folder in found])
    return found


def expect_different(root: Path, domains: Sequence[str]) -> None:
    """Raise `DataError` where two `domains` are one name or path; looks at no image.

    Raises `ConfigError` for an empty name.
    """
    if not all(name.strip() for name in domains):
        raise ConfigError(f"data.domains: expected names or paths, got {shown([*domains])}.")
    places = [Path(name) if is_path(root, name) else root / name for name in domains]
    distinct.refuse_equal(domains, places)


def first_with_images(what: str, places: Sequence[Path], near: str = "") -> Folder:
    """Return the first of `places` that holds images; a split's images are not its parent's."""
    there = [place for place in places if place.is_dir()]
    others: list[Folder] = []
    for place in there:
        found = scan(place)
        mine, skipped = (
            [path for path in paths if not _in_split(path.relative_to(place))]
            for paths in (found.images, found.skipped)
        )
        problems = [bad for bad in found.problems if not _in_split(bad.path.relative_to(place))]
        others.append(Folder(place, mine, skipped, problems, _beside(place, there)))
        if mine:
            return others[-1]
    if there:
        raise DataError(f"{what}: no images in {listed(there)}{_why_none(others)}.")
    raise DataError(f"no folder for {what}: looked for {listed(places[:2])}.{near}")


def notes(*folders: Folder, read: Iterable[Path] = ()) -> list[str]:
    """Return what `Layout.notes` should hold: what to say of files that are skipped.

    Those that the layout has `read` are not.
    """
    known = set(read)
    text = skipped.describe([p for folder in folders for p in folder.skipped if p not in known])
    said = [text] if text else []
    for folder in {folder.path: folder for folder in folders if folder.beside}.values():
        count = len(folder.beside)
        said.append(
            f"skipped {count} image{'s' * (count > 1)} beside {folder.path}, the folder of this "
            f"split: the first is {folder.beside[0]}"
        )
    return said


def problems(*folders: Folder) -> list[BadImage]:
    """Return what in `folders` cannot be looked at: what `Layout.problems` should hold."""
    return [bad for folder in folders for bad in folder.problems]


def usable(folder: Folder, leave_out: Iterable[Path]) -> list[Path]:
    """Return the files of `folder` without those left out; raises `DataError` if none is left."""
    bad = set(leave_out)
    if usable := [path for path in folder.files if path not in bad]:
        return usable
    raise DataError(f"{folder.path}: not one of its {len(folder.files)} images can be read.")


def is_path(root: Path, name: str) -> bool:
    """Tell whether `name` is a path rather than the name of a folder below `root`."""
    path = Path(name)
    return path.name != name or (path.is_dir() and not (root / name).exists())


def is_split(name: str) -> bool:
    """Tell whether a folder of this name holds a part of a domain: train, test, val."""
    return name.lower() in SPLITS


def listed(things: Iterable[object]) -> str:
    """Return `things` as a sentence has them: a and b."""
    return " and ".join(map(str, things))


def _find_domain(root: Path, name: str, split: str) -> Folder:
    homes, what = places(root, name, split), f"domain {name!r}"
    if any(place.is_dir() for place in homes):
        return first_with_images(what, homes)
    for path in (Path(name), root / name):
        if path.is_file():
            return Folder(path.parent, [path])
        if has_magic(name):
            folder, found = match(path)
            if found.images:
                return Folder(folder, *found)
    if has_magic(name):
        raise DataError(f"{what}: no image matches this pattern, here or in {root}.")
    return first_with_images(what, homes, suggest(name, _names(root)))


def places(root: Path, name: str, split: str) -> list[Path]:
    """Return the folders in which the images of the domain called `name` may lie, best first."""
    of_split = _subfolder(root / name, split)
    if is_path(root, name):
        return [_subfolder(Path(name), split), Path(name), of_split, root / name]
    return [of_split, root / name, _subfolder(root, split) / name, root / f"{split}{name}"]


def stem_below(path: Path, folder: Path) -> str:
    """Return the path of a file below `folder` without its suffix, which names its pair or mask.

    Accents are composed: macOS writes them apart, so that equal names may differ in bytes.
    """
    return unicodedata.normalize("NFC", str(path.relative_to(folder).with_suffix("")))


def _subfolder(folder: Path, split: str) -> Path:
    """Return the folder of a split, in whatever case it is written."""
    usual = folder / split
    if usual.is_dir() or not folder.is_dir():
        return usual
    with os.scandir(folder) as listing:
        names = sorted(entry.name for entry in listing if entry.name.lower() == split.lower())
    return folder / (names or [split])[0]


def _beside(place: Path, there: Sequence[Path]) -> list[Path]:
    """Return the images beside the folder of a split, in the folder of a domain."""
    if not is_split(place.name) or place.parent not in there:
        return []
    return scan(place.parent, deep=False).images


def _in_split(path: Path) -> bool:
    return len(path.parts) > 1 and is_split(path.parts[0])


def _why_none(found: Sequence[Folder]) -> str:
    """Return what lies in folders without images."""
    reasons = [*dict.fromkeys(str(bad) for bad in problems(*found)).keys()][:1]
    here = list(dict.fromkeys(path for folder in found for path in folder.skipped))
    texts = [text for text in (*reasons, skipped.describe(here)) if text]
    return f": {'; '.join(texts)}" if texts else ""


def _names(root: Path) -> set[str]:
    """Return what could be typed as a domain below `root`; samples are drawn in the default one."""
    samples = set(registry.names("domain")) if root == Path("datasets") else set()
    if not root.is_dir():
        return samples
    tops = {folder.name: folder for folder in subfolders(root)}
    inner = {folder.name for top in SPLITS & tops.keys() for folder in subfolders(tops[top])}
    return samples | (tops.keys() - SPLITS) | inner
