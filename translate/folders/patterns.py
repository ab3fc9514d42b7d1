"""Globs of files on the disk and in object stores, and of members of tar files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from glob import has_magic
from pathlib import Path

from translate.engine.system.locations import UrlPath
from translate.errors import BadImage
from translate.folders.braces import expand, has_braces, is_pattern
from translate.folders.names import any_hidden
from translate.folders.tar_members import members, with_members
from translate.folders.walk import Siblings, add_entry, walk
from translate.images.files.format_registry import image_suffixes
from translate.images.files.tar_files import find_tar


@dataclass(frozen=True)
class Pattern:
    """A glob, on the disk or in a store; ``shards/*.tar/*.a.png`` are members of tar files."""

    root: Path
    """the folder, or the tar file, that the glob begins with"""
    parts: Sequence[str]
    """the parts of the glob below `root`"""

    @classmethod
    def of(cls, path: Path) -> "Pattern":
        """Divide a glob into the folder that it begins with and the other parts.

        A part such as ``[x]`` is no pattern if a folder of the disk has this name.
        """
        depth = last = len(path.parts) - 1
        for index, part in enumerate(path.parts[:-1]):
            folder = path.parents[last - index - 1]
            if is_pattern(part) and (isinstance(path, UrlPath) or not folder.is_dir()):
                depth = index
                break
        return cls(path.parents[last - depth], path.parts[depth:])

    def folders(self, excluded: Path | None = None) -> Iterator[Siblings]:
        """Yield the matching files, and a problem for each missing file.

        A file is missing if the braces of the glob name it and it does not exist. Files in a store
        are yielded folder by folder.

        Args:
            excluded: A resolved folder; no file in it matches.
        """
        missing_names = without_wildcards(self.parts)
        if isinstance(self.root, UrlPath):
            yield from self._walk(missing_names, excluded)
            yield self._problems(missing_names)
            return
        missing_names = {name: None for name in missing_names if not (self.root / name).exists()}
        in_tar = find_tar(self.root / "*") is not None
        if not (in_tar or self._names_members or "**" in self.parts):
            yield self._problems(missing_names)
            yield from with_members(self.root, [self._glob(excluded)])
            return
        matches_in_root = (
            list(self._walk(missing_names, excluded)) if in_tar or self.root.is_dir() else []
        )
        problems = sorted(
            (error for s in matches_in_root for error in s.problems), key=lambda error: error.path
        )
        yield from (siblings._replace(problems=[]) for siblings in matches_in_root)
        yield Siblings([], [], [], problems)
        yield self._problems(missing_names)

    @property
    def _names_members(self) -> bool:
        return tar_depth(self.parts) < len(self.parts) - 1

    def _walk(self, missing_names: dict[str, None], excluded: Path | None) -> Iterator[Siblings]:
        """Yield the matching files below the root; remove files that exist from `missing_names`."""
        if tar := find_tar(self.root / "*"):
            yield from _filter_files(
                _remove_existing(members([tar], self.root), missing_names), self.parts
            )
            return
        candidates_in_root = _remove_existing(walk(self.root, excluded=excluded), missing_names)
        if self._names_members:
            tars = self.parts[: tar_depth(self.parts) + 1]
            candidates = with_members(
                self.root, _filter_files(candidates_in_root, self.parts, tars)
            )
            yield from _filter_files(candidates, self.parts)
        elif isinstance(self.root, UrlPath):
            yield from with_members(self.root, _filter_files(candidates_in_root, self.parts))
        else:
            for siblings in _filter_files(with_members(self.root, candidates_in_root), self.parts):
                paths = [
                    (error, error.path.relative_to(self.root).parts) for error in siblings.problems
                ]
                problems = [error for error, parts in paths if matches(parts, self.parts)]
                yield siblings._replace(problems=problems)

    def _glob(self, excluded: Path | None) -> Siblings:
        """Return what matches on the disk, without a walk through all folders."""
        siblings, suffixes = Siblings.empty(), image_suffixes()
        start = len((self.root / "x").as_posix()) - 1
        globs = expand("/".join(self.parts))
        for path in sorted({path for glob in globs for path in self.root.glob(glob)}):
            name = path.as_posix()[start:]  # faster than `relative_to`, for millions
            if any_hidden(name.split("/")):
                continue
            if not excluded or not path.parent.resolve().is_relative_to(excluded):
                add_entry(siblings, self.root, name, path, suffixes)
        return siblings

    def _problems(self, missing_names: Iterable[str]) -> Siblings:
        reason = f"not there, and named by {'/'.join(self.parts[: tar_depth(self.parts) + 1])}"
        return Siblings([], [], [], [BadImage(self.root / name, reason) for name in missing_names])


def _remove_existing(
    folders: Iterable[Siblings], missing_names: dict[str, None]
) -> Iterator[Siblings]:
    """Yield `folders`, and remove what they hold from `missing_names`."""
    for siblings in folders:
        for name in (
            (*siblings.images, *siblings.skipped, *siblings.folders) if missing_names else ()
        ):
            missing_names.pop(name, None)
        yield siblings


def _filter_files(
    folders: Iterable[Siblings], pattern: Sequence[str], tars: Sequence[str] = ()
) -> Iterator[Siblings]:
    """Yield `folders` with only the files that match `pattern`; skipped files may match `tars`."""
    for siblings in folders:
        images, skipped = (
            [(name, name.split("/")) for name in names]
            for names in (siblings.images, siblings.skipped)
        )
        yield siblings._replace(
            images=[name for name, parts in images if matches(parts, pattern)],
            skipped=[
                name
                for name, parts in skipped
                if matches(parts, pattern) or (tars and matches(parts, tars))
            ],
        )


def without_wildcards(parts: Sequence[str]) -> dict[str, None]:
    """Return the names without wildcards that the braces of a pattern stand for.

    Of a pattern of members of tar files, these are the names of the tar files.
    """
    pattern = "/".join(parts[: tar_depth(parts) + 1])
    names = expand(pattern) if has_braces(pattern) else ()
    return dict.fromkeys(name for name in names if not has_magic(name))


def tar_depth(parts: Sequence[str]) -> int:
    """Return the index of the first part of a pattern that names tar files; else of the last."""
    indices = (index for index, part in enumerate(parts) if part.lower().endswith(".tar"))
    return next(indices, len(parts) - 1)


def matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a path match those of a glob."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        tails = (parts[start:] for start in range(len(parts) + 1))
        return any(matches(tail, pattern[1:] or ("*",)) for tail in tails)
    names, globs = _names_and_globs(pattern[0])
    if not parts or not (parts[0] in names or any(fnmatch(parts[0], glob) for glob in globs)):
        return False
    return matches(parts[1:], pattern[1:])


@lru_cache(maxsize=64)
def _names_and_globs(part: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names that the braces of `part` expand to, and those of them that are globs."""
    names = expand(part)
    return frozenset(names), tuple(name for name in names if has_magic(name))
