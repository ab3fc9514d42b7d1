"""Evaluate a run or folders, and write what is found: what the command and Python call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from translate.errors import ConfigError
from translate.evaluate import result as results
from translate.evaluate.folder_evaluation import evaluate_folders
from translate.evaluate.result import EvaluationResult
from translate.evaluate.run_evaluation import evaluate_run

EXAMPLE = "translate evaluate RUN, or translate evaluate --real DIR --fake DIR"


def evaluate(
    run: str | Path | None = None,
    *,
    real: str | Path | None = None,
    fake: str | Path | None = None,
    paired: bool = False,
    mask: str | Path | None = None,
    source: str | Path | None = None,
    train: str | Path | None = None,
    metrics: Sequence[str] = (),
    to: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    size: int | tuple[int, int] | None = None,
    seeds: Sequence[int] = (0,),
    device: str = "auto",
    batch_size: int = 16,
    out: Path | None = None,
) -> tuple[EvaluationResult, Path | None]:
    """Return the result and the file that it was written to, ``evaluation.json`` in a run folder.

    Raises `ConfigError` for options of folders with a run, and the other way round.
    """
    of_folders: dict[str, Any] = {"real": real, "fake": fake, "paired": paired or None}
    of_folders |= {"mask": mask, "source": source, "train": train}
    of_run: dict[str, Any] = {
        "to": to,
        "split": split,
        "seed": None if tuple(seeds) == (0,) else seeds,
    }
    shared: dict[str, Any] = {
        "metrics": metrics,
        "limit": limit,
        "device": device,
        "batch_size": batch_size,
    }
    if run is not None:
        _refuse(of_folders, "a run")
        found = evaluate_run(run, to=to, split=split, size=size, seeds=seeds, **shared)
        place = Path(str(found.protocol["run"])) / results.FILE
        if out is None and place.parent.is_dir():
            out = place
    else:
        _refuse(of_run, "folders")
        if real is None or fake is None:
            missing = "real" if real is None else "fake"
            raise ConfigError(f"{missing}: there is no run and no folder to measure: {EXAMPLE}")
        if isinstance(size, tuple):
            raise ConfigError(f"size: got {size[0]}x{size[1]}: folders take one number, --size N.")
        found = evaluate_folders(
            real,
            fake,
            paired=paired,
            mask=mask,
            source=source,
            train=train,
            size=size,
            **shared,
        )
    if out:
        results.write(found, out)
    else:
        found = replace(found, examples={}, thumbnails={})  # whose files are next to the result
    return found, out


def _refuse(options: Mapping[str, Any], what: str) -> None:
    """Raise `ConfigError` for an option that `what` does not take."""
    if given := [name for name, value in options.items() if value is not None]:
        raise ConfigError(f"{given[0]}: {what} cannot be evaluated with it: {EXAMPLE}")
