"""Objects of a store, such as S3, whose paths match a glob, also in tar files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from translate.engine.objects.files import ObjectFiles
from translate.errors import BadImage
from translate.folders.braces import is_pattern
from translate.folders.patterns import matches, tar_depth, without_wildcards
from translate.folders.stores.tar_members import members, with_members
from translate.folders.stores.walk import walk_objects
from translate.folders.walk import Siblings
from translate.images.files.tar_files import find_tar


@dataclass(frozen=True)
class ObjectPattern:
    """The objects that match a glob; ``shards/*.tar/*.a.png`` are members of tar files."""

    files: ObjectFiles
    root: Path
    """the folder, or the tar file, that the glob begins with"""
    parts: Sequence[str]
    """the parts of the glob below `root`"""

    @classmethod
    def of(cls, files: ObjectFiles, pattern: Path) -> "ObjectPattern":
        """Divide a glob into the folder that it begins with and the other parts."""
        depth = next(index for index, part in enumerate(pattern.parts) if is_pattern(part))
        root = pattern.parents[len(pattern.parts) - 1 - depth]
        return cls(files, root, pattern.parts[depth:])

    def folders(self, excluded: Path | None = None) -> Iterator[Siblings]:
        """Yield the matching files folder by folder, then a problem for each missing file.

        A file is missing if the braces of the glob name it and it does not exist.
        """
        if tar := find_tar(self.root / "*"):
            yield from _filtered(members([tar], self.root), self._matching(self.parts))
            return
        depth = tar_depth(self.parts)
        tars, expected = self.parts[: depth + 1], without_wildcards(self.parts)
        found = self._list(excluded, expected)
        if depth < len(self.parts) - 1:
            found = with_members(self.root, _filtered(found, self._matching(tars), images=False))
            yield from _filtered(found, self._matching(self.parts))
        else:
            yield from with_members(self.root, _filtered(found, self._matching(self.parts)))
        reason = f"not there, and named by {'/'.join(tars)}"
        yield Siblings([], [], [], [BadImage(self.root / name, reason) for name in expected])

    def _list(self, excluded: Path | None, expected: dict[str, None]) -> Iterator[Siblings]:
        """Yield all files below the root, and remove these files from `expected`."""
        for siblings in walk_objects(self.files, self.root, excluded=excluded):
            for name in (*siblings.images, *siblings.skipped) if expected else ():
                expected.pop(name, None)
            yield siblings

    def _matching(self, parts: Sequence[str]) -> Callable[[Sequence[str]], list[str]]:
        return lambda names: [name for name in names if matches(name.split("/"), parts)]


def _filtered(
    folders: Iterator[Siblings],
    matching: Callable[[Sequence[str]], list[str]],
    *,
    images: bool = True,
) -> Iterator[Siblings]:
    """Yield `folders` with only the files that match; without `images`, also without images."""
    for siblings in folders:
        matching_images = matching(siblings.images) if images else []
        yield siblings._replace(images=matching_images, skipped=matching(siblings.skipped))
