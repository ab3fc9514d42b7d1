"""References to checkpoints: a run, ``RUN@STEP``, ``RUN@best``, a checkpoint, a packed model."""

import os
import re
from pathlib import Path

from translate.engine.checkpoints import retention
from translate.engine.checkpoints.contents import MANIFEST
from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.packs import is_pack, unpack
from translate.engine.disk.records.json_files import readable
from translate.errors import CheckpointError, printable_name, short_repr

EXPECTED = (
    "a run folder, RUN@STEP, RUN@best, a checkpoint folder, a file of `translate pack` or "
    "hf-hub:ORG/NAME, such as {run}@{step}"
)


def resolve(reference: str | Path) -> tuple[Path, list[str]]:
    """Return the checkpoint of `reference`, and what is wrong with newer ones of its run.

    An existing path is used as it is, also with ``@`` or ``:`` in its name. Files that only a
    resume needs may be missing in the checkpoint.

    Args:
        reference: ``runs/x`` for the newest checkpoint that is not damaged, ``runs/x@500`` for
            the checkpoint of a step, ``runs/x@best`` for the best by the recorded metric,
            ``runs/x/checkpoints/step-00000500``, ``x.zip`` of ``translate pack``, or
            ``hf-hub:org/name`` of ``translate push``.

    Raises:
        CheckpointError: There is no such checkpoint, or it is damaged; the message lists the
            existing steps.
    """
    path = Path(reference)
    if hub.is_hub_reference(reference) and not path.exists():
        return hub.download(reference)
    with readable(path):
        if os.path.lexists(path / MANIFEST):
            retention.verify(path, training=False)
            return path, []
        if is_pack(path):
            return retention.newest_checkpoint(unpack(path), training=False)
        if path.exists():
            return retention.newest_checkpoint(path, training=False)
        run, at, step_or_best = str(path).rpartition("@")
        with readable(Path(run)):
            if at and Path(run).is_dir():
                return _resolve_in_run(Path(run), step_or_best)
        # two letters or more: one letter is a drive of Windows
        if scheme := re.match("[a-z][a-z0-9+.-]+:", str(path)):
            raise CheckpointError(
                f"unknown scheme {scheme[0]!r} in {printable_name(str(path))}: expected "
                f"{EXPECTED.format(run='runs/x', step=500)}."
            )
        return retention.newest_checkpoint(path, training=False)  # raises, as there is no run


def run_of(checkpoint: Path) -> Path:
    """Return the folder of the run of a checkpoint; the checkpoint itself if it is in no run."""
    return checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint


def is_cached_copy(reference: str | Path) -> bool:
    """Return whether the run of `reference` is a copy in a cache, which must not be changed."""
    return hub.is_hub_reference(reference) or is_pack(Path(reference))


def _resolve_in_run(run: Path, step_or_best: str) -> tuple[Path, list[str]]:
    if step_or_best == "best":
        return retention.best_checkpoint(run), []
    is_step = step_or_best.isascii() and step_or_best.isdecimal()
    steps = dict(retention.list_checkpoints(run))
    if is_step and (path := steps.get(int(step_or_best))):
        retention.verify(path, training=False)
        return path, []
    if is_step:
        message = f"{run} has no checkpoint of step {step_or_best}."
    else:
        message = f"{run} has no checkpoint {short_repr(step_or_best)}: expected a step or best."
    raise CheckpointError(f"{message} Steps: {retention.existing_steps(run)}.")
