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
    """Return the checkpoint of `reference`, and the problems of newer ones of its run.

    A path that exists is that path, also with ``@`` or ``:`` in its name. Files that only a resume
    needs may be missing in the checkpoint.

    Args:
        reference: ``runs/x`` for its newest whole checkpoint, ``runs/x@500`` for that of a step,
            ``runs/x@best`` for the best by the metric that was recorded,
            ``runs/x/checkpoints/step-00000500``, ``x.zip`` of ``translate pack``, or
            ``hf-hub:org/name`` of ``translate push``.

    Raises:
        CheckpointError: No usable checkpoint; the message lists those that exist.
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
        run, at, which = str(path).rpartition("@")
        with readable(Path(run)):
            if at and Path(run).is_dir():
                return _resolve_in_run(Path(run), which)
        if scheme := re.match("[a-z][a-z0-9+.-]+:", str(path)):  # not a drive: two letters or more
            raise CheckpointError(
                f"unknown scheme {scheme[0]!r} in {printable_name(str(path))}: expected "
                f"{EXPECTED.format(run='runs/x', step=500)}."
            )
        return retention.newest_checkpoint(path, training=False)  # raises


def is_copy(reference: str | Path) -> bool:
    """Return whether the run of `reference` is a copy in a cache, which must not be changed."""
    return hub.is_hub_reference(reference) or is_pack(Path(reference))


def _resolve_in_run(run: Path, which: str) -> tuple[Path, list[str]]:
    """Return the checkpoint `which`, a step or ``best``, of `run`."""
    if which == "best":
        return retention.best_checkpoint(run), []
    steps = dict(retention.list_checkpoints(run))
    if which.isascii() and which.isdecimal() and (path := steps.get(int(which))):
        retention.verify(path, training=False)
        return path, []
    if which.isascii() and which.isdecimal():
        message = f"{run} has no checkpoint of step {which}."
    else:
        message = f"{run} has no checkpoint {short_repr(which)}: expected a step or best."
    raise CheckpointError(f"{message} Steps: {retention.existing_steps(run)}.")
