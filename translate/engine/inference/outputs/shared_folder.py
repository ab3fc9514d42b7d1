"""An output folder that several processes may write into: what each may delete at its beginning."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from translate.engine.disk import folders, partial_files
from translate.engine.processes.launch import read_launch
from translate.engine.shards.manifests import manifest_path
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.storage import Lines

logger = logging.getLogger(__name__)
DAY = 24 * 3600.0
"""seconds after which a temporary file belongs to no running process, where locks cannot tell"""


class HasOutput(Protocol):
    """Something that becomes a file."""

    @property
    def output(self) -> Path:
        """The output file."""


class Output(HasOutput, Protocol):
    """One image to make."""

    @property
    def origin(self) -> str:
        """The name of its input in the record."""


AnyOutput = TypeVar("AnyOutput", bound=Output)


@contextmanager
def shared_folder(
    folder: Path, shard: Shard | None, problems: Path, todo: Iterable[HasOutput]
) -> Iterator[None]:
    """Share an output folder with other processes while the block runs.

    First the `problems` of earlier runs are deleted, and what killed ones left half written.

    Args:
        folder: The folder of records, ``OUT/.translate``.
        shard: The part of the images that this process translates.
        problems: The list of problems of this process.
        todo: What this process will write.

    Raises:
        SaveError: The folder's own files cannot be written.
    """
    storage = storage_of(folder)

    def begin(alone: bool | None) -> None:
        """Prepare the folder, knowing whether no other process writes into it; None: not known."""
        together = not read_launch().is_single
        if alone is not False or together:
            storage.discard(problems)
        if alone is not False and storage.is_local:
            certain = alone and not together
            partial_files.remove_old_partial_files(folder.parent, older=0 if certain else DAY)

    def begin_shard(shard: Shard, alone: bool | None) -> None:
        """Prepare the files of a shard, knowing whether no other process translates it."""
        if alone is not False:
            storage.discard(problems)
        if alone is not False and storage.is_local:
            own = [*(item.output for item in todo), manifest_path(folder.parent, shard)]
            partial_files.remove_partial_files_of(own, older=0 if alone else DAY)

    with ExitStack() as stack:
        share = partial(storage.share, folder / "lock")
        try:
            if shard is None:
                stack.enter_context(share(begin))
            else:
                stack.enter_context(share(lambda _: None))
                lock = folder / f"lock-{shard.name}"
                stack.enter_context(storage.share(lock, partial(begin_shard, shard)))
        except OSError as error:
            raise folders.unwritable(Path(error.filename or folder), error) from error
        yield


@contextmanager
def closing_lines(lines: Lines, path: Path) -> Iterator[None]:
    """Write what `lines` holds back at the end of the block; log it where that fails."""
    try:
        yield
    finally:
        try:
            lines.close()
        except OSError as error:
            logger.info(f"could not write {path}: {error.strerror}")


def part_of_process(shard: Shard | None) -> str:
    """Return what the names of the files of this process of torchrun, or of a shard, end with."""
    rank = read_launch().rank
    return f"-{shard.name}" if shard else f"-{rank}" if rank else ""
