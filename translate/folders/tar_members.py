"""Members of tar files as inputs, if a folder has tar files and no images."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from translate.engine.processes.pool import DaemonThreadPool
from translate.errors import BadImage, reason_of
from translate.folders.names import any_hidden
from translate.folders.walk import Siblings, group, has_suffix
from translate.images.files.format_registry import image_suffixes
from translate.images.files.tar_files import read_index
from translate.images.files.tar_index import SUFFIX, TarIndex

READ_AT_ONCE = 16
"""number of indices of tar files that are read at once, as each request to a store takes long"""


def with_members(root: Path, folders: Iterable[Siblings]) -> Iterator[Siblings]:
    """Yield `folders`; if none has images, tar files are replaced by their members.

    Folders with tar files are held back until it is known whether there are images.
    """
    held = list[Siblings]()
    folders = iter(folders)
    for siblings in folders:
        if siblings.images:
            yield from held
            yield siblings
            yield from folders
            return
        if any(map(_is_tar_name, siblings.skipped)):
            held.append(siblings)
        else:
            yield siblings
    for siblings in held:
        others = [name for name in siblings.skipped if not _is_tar_name(name)]
        yield siblings._replace(skipped=others)
    tars = [root / name for siblings in held for name in siblings.skipped if _is_tar_name(name)]
    yield from members(tars, root)


def members(tars: Iterable[Path], root: Path) -> Iterator[Siblings]:
    """Yield the members of `tars` with paths below `root`, folder by folder."""
    with DaemonThreadPool(READ_AT_ONCE) as pool:
        for tar, index in pool.map(_read_index, tars):
            suffixes, others = image_suffixes(), Siblings([], [], [], index.problems)
            images = list[str]()
            for path in index.members:
                if path.is_relative_to(root) and not any_hidden(path.relative_to(tar).parts):
                    name = path.relative_to(root).as_posix()
                    (images if has_suffix(name, suffixes) else others.skipped).append(name)
            yield others
            yield from group(images)


def _read_index(tar: Path) -> tuple[Path, TarIndex]:
    try:
        return tar, read_index(tar)
    except OSError as error:
        return tar, TarIndex({}, [BadImage(tar, reason_of(error))])


def _is_tar_name(name: str) -> bool:
    return name.lower().endswith(SUFFIX)
