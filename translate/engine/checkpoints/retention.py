"""Find, verify and remove checkpoints."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from translate.engine.checkpoints.contents import (
    FORMAT,
    MANIFEST,
    REQUIRED_FILES,
    TRAINING,
    Manifest,
)
from translate.engine.disk import folders, json_files, partial_files
from translate.errors import CheckpointError, printable_name, short_repr


def prune(run: Path, keep: int, upto: int) -> None:
    """Remove all but the newest `keep` checkpoints up to a step, and what a killed save left.

    What is there of later steps was damaged when training went on from before it: it counts for
    nothing, and is replaced when its step comes.
    """
    partial_files.remove_partial_files(run / "checkpoints")
    past = [path for step, path in list_checkpoints(run) if step <= upto]
    for path in past[keep:]:
        folders.remove_folder(path)


# -- finding --------------------------------------------------------------------------------------


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise `CheckpointError` where the system does not let `path` be looked at."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"{printable_name(str(path))} cannot be read: {error.strerror}."
        ) from error


def list_checkpoints(run: Path) -> Iterator[tuple[int, Path]]:
    """Yield the checkpoints of `run` with their steps, the newest first, verified or not."""
    folder = run / "checkpoints"
    found = [
        (int(path.name.removeprefix("step-")), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if re.fullmatch("step-[0-9]+", path.name) and path.is_dir()
    ]
    yield from sorted(found, reverse=True)


def newest_checkpoint(run: Path, *, training: bool = True) -> tuple[Path, list[str]]:
    """Return the newest checkpoint that is whole, and what is wrong with those that are newer.

    Without `training`, one is whole that can be used and not resumed. Raises `CheckpointError`
    when there is none.
    """
    with readable(run):
        if not run.is_dir():
            raise CheckpointError(_no_run(run))
        found = [path for _, path in list_checkpoints(run)]
    complaints = []
    for path in found:
        try:
            verify(path, training=training)
        except CheckpointError as error:
            complaints.append(str(error))
            continue
        return path, complaints
    reasons = f" ({'; '.join(complaints)})" if complaints else ""
    if training and any(is_whole(path, training=False) for path in found):
        raise CheckpointError(
            f"{run} has weights, and not what a resume needs{reasons}. Use it for inference, or "
            f"fine-tune the weights in a new run: translate train --init {run}"
        )
    raise CheckpointError(f"{run} holds no whole checkpoint{reasons}.")


def _no_run(path: Path) -> str:
    if not path.is_file():
        return f"there is no run {path}."
    with path.open("rb") as file:
        if file.read(50).startswith(b"version https://git-lfs"):
            return f"{path} only points to a file: fetch that with `git lfs pull`."
    return f"{path} is a file: expected a run folder, or one of its checkpoints."


def locate(path: Path, which: str = "last") -> tuple[Path, list[str]]:
    """Return the checkpoint that `path` means: a run folder, or one of its checkpoints.

    What only a resume needs may be missing in it.
    """
    with readable(path):
        return _locate(path, which)


def _locate(path: Path, which: str) -> tuple[Path, list[str]]:
    if os.path.lexists(path / MANIFEST):
        verify(path, training=False)
        return path, []
    if which == "last":
        return newest_checkpoint(path, training=False)
    steps = {str(step): found for step, found in list_checkpoints(path)}
    if which not in steps:
        there = ", ".join(reversed(steps)) or "none"
        raise CheckpointError(f"{path} has no checkpoint of step {which}. There are: {there}.")
    verify(steps[which], training=False)
    return steps[which], []


def is_whole(path: Path, *, training: bool = True) -> bool:
    """Return whether there is a checkpoint at `path` that `verify` has nothing against."""
    try:
        verify(path, training=training)
    except CheckpointError:
        return False
    return True


def verify(path: Path, *, training: bool = True) -> None:
    """Raise `CheckpointError` unless every file of `path` is what its manifest says.

    Without `training`, the files that only a resume needs may be missing.
    """
    made = json_files.read_json(path / MANIFEST).get("format")
    if made != FORMAT:
        raise CheckpointError(
            f"{path} has format {short_repr(made)}, and this version reads {FORMAT}."
        )
    manifest = json_files.read_record(path / MANIFEST, Manifest)
    needed = REQUIRED_FILES | ({TRAINING} if training else set())
    for name in sorted(needed - manifest.files.keys()):
        raise CheckpointError(f"{path / MANIFEST} does not list {name}.")
    for name, facts in manifest.files.items():
        if Path(name).name != name:
            raise CheckpointError(
                f"{path / MANIFEST} names a file elsewhere: {printable_name(name)}."
            )
        if not training and name.startswith("training") and not os.path.lexists(path / name):
            continue
        try:
            with json_files.open_regular(path / name) as file:
                intact = os.fstat(file.fileno()).st_size == facts.size
                intact = intact and file_digest(file, "sha256").hexdigest() == facts.sha256
        except OSError as error:
            raise CheckpointError(f"{path / name}: {error.strerror}.") from error
        if not intact:
            raise CheckpointError(f"{path / name} is damaged: it is not what was saved.")
