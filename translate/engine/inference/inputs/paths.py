"""The images to translate: a file, folder, glob or list of files, local or in an object store."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

from translate.engine.storage.lookup import storage_of
from translate.engine.storage.storage import Storage
from translate.engine.system.locations import UrlPath, parse_location
from translate.errors import BadImage, ConfigError, DataError, NothingUsableError
from translate.folders import skipped
from translate.folders.braces import is_pattern
from translate.folders.patterns import Pattern
from translate.folders.tar_members import members, with_members
from translate.folders.walk import Siblings, add_file, folded, group, walk
from translate.images.files.format_registry import can_hold, image_suffixes
from translate.images.files.tar_files import find_member, is_tar

UNSAFE_PARTS = ("//", "/./", "/../")
"""parts of paths that may lead out of a folder"""


@dataclass
class Inputs:
    """Input files, listed folder by folder."""

    root: Path
    """the folder of the images; outputs have its tree"""
    list_folders: Callable[[], Iterable[Siblings]]
    """returns the files of each folder"""
    skipped: list[Path] = field(default_factory=list)
    """files without an image suffix, in the folders listed so far"""
    problems: list[BadImage] = field(default_factory=list)
    """unreadable files, in the folders listed so far"""

    @classmethod
    def of(cls, root: Path, names: Iterable[str]) -> "Inputs":
        """Return the images with these names, paths relative to `root`."""
        folders = group(names)
        return cls(root, lambda: folders)

    def folders(self) -> Iterator[Siblings]:
        """Yield the files of each folder, and collect `skipped` and `problems`."""
        self.skipped, self.problems = [], []
        for siblings in self.list_folders():
            self.skipped += (self.root / name for name in siblings.skipped)
            self.problems += siblings.problems
            yield siblings

    @property
    def images(self) -> list[Path]:
        """All images."""
        return [self.root / name for siblings in self.folders() for name in siblings.images]


def find_inputs(source: str | Path, out: Path, *, files: Path | None = None) -> Inputs:
    """Return the images of `source`: a file, a folder at any depth, or a glob.

    Args:
        source: A path or URL.
        out: The output folder; files in it are skipped if it is inside the source.
        files: A file with one path of an image per line, relative to `source`.

    Raises:
        TranslateError: There is no image, or `out` cannot be written to.
    """
    if files and not files.is_file():
        raise ConfigError(f"files: there is no file {files}.")
    place = parse_location(source)
    storage = storage_of(place)
    try:
        if files:
            inputs = Inputs(place, partial(_listed_folders, place, files))
        else:
            inputs = _find(storage, place, out)
        if _resolve(inputs.root) == _resolve(out):
            raise ConfigError(f"{out} is the folder of the images: choose another folder for OUT.")
        if can_hold(out.suffix) and not storage_of(out).exists(out):
            raise ConfigError(f"OUT is a folder, and {out} looks like an image: try {out.parent}.")
        if skipped.advice(out) and not storage_of(out).exists(out):
            folder = out.with_suffix("")
            raise ConfigError(f"OUT is a folder, and {out} looks like a file: try {folder}.")
        if not any(siblings.images or siblings.problems for siblings in inputs.folders()):
            others = f": {text}" if (text := skipped.describe(inputs.skipped)) else ""
            raise NothingUsableError(f"there is no image in {source}{others}.")
    except OSError as error:
        if storage.is_local:
            raise
        raise DataError(f"{error.filename or place}: {error.strerror or error}.") from error
    storage_of(out).ensure_writable(out)
    return inputs


def _find(storage: Storage, source: Path, out: Path) -> Inputs:
    if is_tar(source):
        return Inputs(source, partial(members, [source], source))
    if storage.is_folder(source):
        excluded = _output_below(source, out)
        return Inputs(source, lambda: with_members(source, walk(source, excluded=excluded)))
    if (advice := skipped.advice(source)) and storage.exists(source):
        raise NothingUsableError(f"{source} is not read as an image: {advice}.")
    if storage.exists(source) or find_member(source):
        return Inputs.of(source.parent, [source.name])
    if not is_pattern(str(source)):
        raise DataError(f"there is no file or folder {source}.")
    pattern = Pattern.of(source)
    excluded = _output_below(pattern.root, out)
    if isinstance(source, UrlPath):
        return Inputs(pattern.root, partial(pattern.folders, excluded))
    folders = _regroup(list(pattern.folders(excluded)))  # listed once
    return Inputs(pattern.root, lambda: folders)


def _regroup(folders: Sequence[Siblings]) -> list[Siblings]:
    """Return the images folder by folder, as `walk` does, then all other files."""
    images = group(name for siblings in folders for name in siblings.images)
    skipped = sorted((name for siblings in folders for name in siblings.skipped), key=Path)
    problems = [error for siblings in folders for error in siblings.problems]
    return [*images, Siblings([], skipped, [], problems)]


def _listed_folders(root: Path, files: Path) -> Iterator[Siblings]:
    """Yield the images of the list `files`: together if they are consecutive and in one folder."""
    suffixes = image_suffixes()
    with files.open(encoding="utf-8", errors="surrogateescape") as lines:
        names = (name for line in lines if (name := line.rstrip("\r\n")))
        for _, together in groupby(names, lambda name: folded(name.rpartition("/")[0])):
            siblings = Siblings.empty()
            for name in together:
                relative = name.removeprefix(f"{root}/").removeprefix("./")
                if any(part in f"/{relative}/" for part in UNSAFE_PARTS):
                    reason = f"it is listed in {files}, but is not a path below {root}"
                    siblings.problems.append(BadImage(Path(name), reason))
                else:
                    add_file(siblings, relative, suffixes)
            yield siblings


def _output_below(root: Path, out: Path) -> Path | None:
    """Return the output folder, resolved, if it is inside `root`; else None."""
    out_path = _resolve(out)
    return out_path if out_path.is_relative_to(_resolve(root)) else None


def _resolve(path: Path) -> Path:
    return path if isinstance(path, UrlPath) else path.resolve()
