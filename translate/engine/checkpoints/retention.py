"""List, verify and remove the checkpoints of a run."""

import os
import re
from collections.abc import Iterable, Iterator
from hashlib import file_digest
from math import inf, isfinite, nan
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

FOREIGN_WEIGHTS = (".pth", ".pt", ".ckpt")
"""suffixes of files with the weights of other programs"""


def remove_old_checkpoints(
    run: Path, keep: int, best: Best | None = None, *, newest_step: int = MAX_STEPS
) -> None:
    """Remove all but the newest `keep` checkpoints and the best one, and files of a killed save.

    Checkpoints of steps after `newest_step` stay and do not count: they are damaged, so a resume
    has skipped them, and training will replace them when it comes to their steps.
    """
    partial_files.remove_partial_files(run / "checkpoints")
    paths = [path for step, path in list_checkpoints(run) if step <= newest_step]
    best_path = _best_of(paths, best) if best else None
    for path in paths[keep:]:
        if path != best_path:
            folders.remove_folder(path)


def best_checkpoint(run: Path) -> Path:
    """Return the best of the checkpoints of `run` that are not damaged.

    The metric of the newest such checkpoint decides. Raises `CheckpointError` if no checkpoint has
    a value.
    """
    paths = [path for _, path in list_checkpoints(run) if is_whole(path, training=False)]
    states = (json_files.read_record(path / "state.json", State) for path in paths)
    if not (best := next((state.best_by for state in states if state.best), None)):
        raise CheckpointError(
            f"{run}@best: no checkpoint of this run was saved with a metric. "
            f"Name one by its step, or use {run} for the newest. Steps: {existing_steps(run)}."
        )
    if not (path := _best_of(paths, best)):
        raise CheckpointError(f"{run}@best: no checkpoint has a finite value of {best[0]!r}.")
    return path


def existing_steps(run: Path) -> str:
    """Return the steps of the checkpoints of `run`, for a message."""
    steps = [str(step) for step, _ in list_checkpoints(run)]
    example = f"; type {run}@{steps[0]} for that step" if steps else ""
    return (", ".join(reversed(steps)) or "none") + example


def _best_of(paths: Iterable[Path], best: Best) -> Path | None:
    """Return the best checkpoint of `paths`, newest first; the newer if two are equal.

    None if no checkpoint has a finite value of the metric.
    """
    metric, mode = best
    best_path, best_value = None, inf
    for path in paths:
        try:
            value = json_files.read_record(path / "state.json", State).metrics.get(metric, nan)
        except CheckpointError:
            continue  # a damaged checkpoint is never the best
        value = value if mode == "min" else -value
        if isfinite(value) and value < best_value:
            best_path, best_value = path, value
    return best_path


def list_checkpoints(run: Path) -> Iterator[tuple[int, Path]]:
    """Yield the step and the folder of each checkpoint of `run`, unverified, the newest first."""
    folder = run / "checkpoints"
    checkpoints = [
        (int(path.name.removeprefix("step-")), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if re.fullmatch("step-[0-9]+", path.name) and path.is_dir()
    ]
    yield from sorted(checkpoints, reverse=True)


def newest_step(run: Path) -> int:
    """Return the step of the newest checkpoint of `run`, unverified; -1 if there is none."""
    return max((step for step, _ in list_checkpoints(run)), default=-1)


def newest_checkpoint(run: Path, *, training: bool = True) -> tuple[Path, list[str]]:
    """Return the newest checkpoint that `verify` accepts, and what is wrong with newer ones.

    Without `training`, the files that only a resume needs may be missing, and the messages say that
    an older checkpoint is used. Raises `CheckpointError` if `verify` accepts none.
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
        used = "" if training else " An older checkpoint is used."
        return path, [f"{problem}{used}" for problem in problems]
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
    expected = f"{path} is a file: expected a run folder, or one of its checkpoints."
    if path.suffix in FOREIGN_WEIGHTS:
        return f"{expected} To convert weights: translate import {path} --out RUN"
    return expected


def is_whole(path: Path, *, training: bool = True) -> bool:
    """Return whether `verify` accepts the checkpoint at `path`."""
    try:
        verify(path, training=training)
    except CheckpointError:
        return False
    return True


def verify(path: Path, *, training: bool = True) -> None:
    """Raise `CheckpointError` unless each file has the size and digest that the manifest lists.

    `path` is the folder of the checkpoint. Without `training`, the files that only a resume needs
    may be missing. Tensor files that the manifest does not list are refused.
    """
    version = json_files.read_json(path / MANIFEST).get("format")
    if version != FORMAT:
        raise CheckpointError(
            f"{path} has format {short_repr(version)}, and this version reads {FORMAT}."
        )
    manifest = json_files.read_record(path / MANIFEST, Manifest)
    required = REQUIRED_FILES | ({TRAINING} if training else set())
    for name in sorted(required - manifest.files.keys()):
        raise CheckpointError(f"{path / MANIFEST} does not list {name}.")
    for file in sorted(path.glob("*.safetensors")):
        if file.name not in manifest.files:
            raise CheckpointError(
                f"{file} is not listed in {MANIFEST}: it was not saved with this checkpoint. "
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
            with json_files.open_regular(path / name) as content:
                is_intact = os.fstat(content.fileno()).st_size == facts.size
                is_intact = is_intact and file_digest(content, "sha256").hexdigest() == facts.sha256
        except OSError as error:
            raise CheckpointError(f"{path / name}: {error.strerror}.") from error
        if not is_intact:
            raise CheckpointError(f"{path / name} is damaged: it is not what was saved.")
