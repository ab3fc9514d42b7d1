"""Output folders that several processes share, and the old files that each of them deletes."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
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
"""age in seconds of partial files that are deleted even if their process may still run"""


class HasOutput(Protocol):
    """Work that writes an output file."""

    @property
    def output(self) -> Path:
        """The output file."""


class Output(HasOutput, Protocol):
    """One image to translate or generate."""

    @property
    def origin(self) -> str:
        """The name of the input in the records of outputs."""


AnyOutput = TypeVar("AnyOutput", bound=Output)


@contextmanager
def shared_folder(
    folder: Path, shard: Shard | None, problems: Path, todo: Iterable[HasOutput]
) -> Iterator[None]:
    """Delete old files of other runs, then hold the shared lock of an output folder.

    Old files are the list of problems of an earlier run, and partial files of killed processes.

    Args:
        folder: The folder of records, ``OUT/.translate``.
        shard: The part of the images that this process translates.
        problems: The file that lists the problems of this process.
        todo: The outputs that this process will write.

    Raises:
        SaveError: The lock or the old files cannot be written or deleted.
    """
    storage = storage_of(folder)

    def clean(is_only: bool | None) -> None:
        """Delete old files; `is_only`: no other process holds the lock; None: not known."""
        in_group = not read_launch().is_single
        if is_only is not False or in_group:
            storage.discard(problems)
        if is_only is False or not storage.is_local:
            return
        min_age = 0 if is_only and not in_group else DAY
        if shard is None:
            partial_files.remove_old_partial_files(folder.parent, min_age=min_age)
        else:
            own = [*(item.output for item in todo), manifest_path(folder.parent, shard)]
            partial_files.remove_partial_files_of(own, min_age=min_age)

    with ExitStack() as stack:
        try:
            if shard:
                stack.enter_context(storage.share(folder / "lock", lambda _: None))
            lock = folder / (f"lock-{shard.name}" if shard else "lock")
            stack.enter_context(storage.share(lock, clean))
        except OSError as error:
            raise folders.unwritable_error(Path(error.filename or folder), error) from error
        yield


@contextmanager
def closing_lines(lines: Lines, path: Path) -> Iterator[None]:
    """Close `lines` at the end of the block; a failure is logged."""
    try:
        yield
    finally:
        try:
            lines.close()
        except OSError as error:
            logger.info(f"could not write {path}: {error.strerror}")


def suffix_of_process(shard: Shard | None) -> str:
    """Return what names of this process's files end with: its shard or its rank, or nothing."""
    rank = read_launch().rank
    return f"-{shard.name}" if shard else f"-{rank}" if rank else ""
