"""Find, verify and remove checkpoints."""

import os
import re
from collections.abc import Iterable, Iterator
from hashlib import file_digest
from math import isfinite, nan
from pathlib import Path

from translate.engine.checkpoints.contents import (
    FORMAT,
    MANIFEST,
    MAX_STEPS,
    REQUIRED_FILES,
    TRAINING,
    Best,
    Manifest,
    State,
)
from translate.engine.disk import folders, partial_files
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError, printable_name, short_repr

WEIGHTS = (".pth", ".pt", ".ckpt")
"""suffixes of files with the weights of other programs"""


def retain(run: Path, newest: int, best: Best | None = None, *, upto: int = MAX_STEPS) -> None:
    """Remove all but the `newest` checkpoints and the best one, and partial files of a killed save.

    Checkpoints of steps after `upto` stay, and do not count: they are damaged ones that a resume
    skipped, and are replaced at their step.
    """
    partial_files.remove_partial_files(run / "checkpoints")
    past = [path for step, path in list_checkpoints(run) if step <= upto]
    kept = {path for path, _ in _ranked(past, best)[:1]} if best else set()
    for path in past[newest:]:
        if path not in kept:
            folders.remove_folder(path)


def best_checkpoint(run: Path) -> Path:
    """Return the best whole checkpoint of `run`, by the metric of the newest one.

    Raises `CheckpointError` if no checkpoint was saved with metrics.
    """
    paths = [path for _, path in list_checkpoints(run) if is_whole(path, training=False)]
    states = (json_files.read_record(path / "state.json", State) for path in paths)
    if not (best := next((state.best_by for state in states if state.best), None)):
        raise CheckpointError(
            f"{run}@best: no checkpoint of this run was saved with a metric. "
            f"Name one by its step, or use {run} for the newest. Steps: {existing_steps(run)}."
        )
    ranked = _ranked(paths, best)
    if not ranked:
        raise CheckpointError(f"{run}@best: no checkpoint has a finite value of {best[0]!r}.")
    return ranked[0][0]


def existing_steps(run: Path) -> str:
    """Return the steps of the checkpoints of `run`, for a message."""
    steps = [str(step) for step, _ in list_checkpoints(run)]
    example = f"; type {run}@{steps[0]} for that step" if steps else ""
    return (", ".join(reversed(steps)) or "none") + example


def _ranked(paths: Iterable[Path], best: Best) -> list[tuple[Path, float]]:
    """Return the checkpoints of `paths` that have the metric, the best first; of equals, the newer.

    Unreadable ones are skipped.
    """
    metric, mode = best
    values = []
    for path in paths:
        try:
            value = json_files.read_record(path / "state.json", State).metrics.get(metric, nan)
        except CheckpointError:
            continue  # a damaged one is never the best
        if isfinite(value):
            values.append((path, value))
    return sorted(values, key=lambda each: each[1] if mode == "min" else -each[1])


# -- finding --------------------------------------------------------------------------------------


def list_checkpoints(run: Path) -> Iterator[tuple[int, Path]]:
    """Yield the checkpoints of `run` with their steps, the newest first, verified or not."""
    folder = run / "checkpoints"
    checkpoints = [
        (int(path.name.removeprefix("step-")), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if re.fullmatch("step-[0-9]+", path.name) and path.is_dir()
    ]
    yield from sorted(checkpoints, reverse=True)


def newest_step(run: Path) -> int:
    """Return the step of the newest checkpoint of `run`, verified or not; -1 if there is none."""
    return max((step for step, _ in list_checkpoints(run)), default=-1)


def newest_checkpoint(run: Path, *, training: bool = True) -> tuple[Path, list[str]]:
    """Return the newest whole checkpoint, and the problems of newer ones.

    Without `training`, the files that only a resume needs may be missing. Raises
    `CheckpointError` if no checkpoint is whole.
    """
    with json_files.readable(run):
        if not run.is_dir():
            raise CheckpointError(_why_no_run(run))
        paths = [path for _, path in list_checkpoints(run)]
    problems = []
    for path in paths:
        try:
            verify(path, training=training)
        except CheckpointError as error:
            problems.append(str(error))
            continue
        return path, problems
    reasons = f" ({'; '.join(problems)})" if problems else ""
    if training and any(is_whole(path, training=False) for path in paths):
        raise CheckpointError(
            f"{run} has weights, but not the files for a resume{reasons}. Use it for inference, or "
            f"fine-tune the weights in a new run: translate train --init {run}"
        )
    raise CheckpointError(f"{run} holds no whole checkpoint{reasons}.")


def _why_no_run(path: Path) -> str:
    if not path.is_file():
        return f"there is no run {path}."
    with path.open("rb") as file:
        if file.read(50).startswith(b"version https://git-lfs"):
            return f"{path} is a Git LFS pointer: fetch the file with `git lfs pull`."
    hint = f" To convert weights: translate import {path} --out RUN" * (path.suffix in WEIGHTS)
    return f"{path} is a file: expected a run folder, or one of its checkpoints.{hint}"


def is_whole(path: Path, *, training: bool = True) -> bool:
    """Return whether `verify` accepts the checkpoint at `path`."""
    try:
        verify(path, training=training)
    except CheckpointError:
        return False
    return True


def verify(path: Path, *, training: bool = True) -> None:
    """Raise `CheckpointError` unless every file of `path` has the size and digest of its manifest.

    Without `training`, the files that only a resume needs may be missing. Tensor files that the
    manifest does not list are refused: they cannot be verified.
    """
    version = json_files.read_json(path / MANIFEST).get("format")
    if version != FORMAT:
        raise CheckpointError(
            f"{path} has format {short_repr(version)}, and this version reads {FORMAT}."
        )
    manifest = json_files.read_record(path / MANIFEST, Manifest)
    needed = REQUIRED_FILES | ({TRAINING} if training else set())
    for name in sorted(needed - manifest.files.keys()):
        raise CheckpointError(f"{path / MANIFEST} does not list {name}.")
    for tensors in sorted(path.glob("*.safetensors")):
        if tensors.name not in manifest.files:
            raise CheckpointError(
                f"{tensors} is not listed in {MANIFEST}: it was not saved with this checkpoint. "
                "Remove it, or bring back the manifest that lists it."
            )
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
