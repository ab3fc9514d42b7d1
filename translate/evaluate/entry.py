"""Evaluate a run or folders, and write the result: `translate evaluate` and `translate.api`."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from translate.engine.config.arguments import check_arguments
from translate.errors import ConfigError
from translate.evaluate import result as results
from translate.evaluate.folder_evaluation import evaluate_folders
from translate.evaluate.result import EvaluationResult
from translate.evaluate.run_evaluation import evaluate_run

logger = logging.getLogger(__name__)

EXAMPLE = "translate evaluate RUN, or translate evaluate --real DIR --fake DIR"


@check_arguments()
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
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    batch_size: int = 16,
    out: str | Path | None = None,
) -> EvaluationResult:
    """Evaluate a run or a folder of images; the arguments are those of `translate evaluate`.

    Args:
        run: A run, ``RUN@STEP``, ``RUN@best`` or a checkpoint; or else `real` and `fake`.
        real: Folder of real images.
        fake: Folder of images to measure.
        paired: Whether the images in `real` are the ground truth of those in `fake` with the same
            name.
        mask: Folder of masks for `fake`, with the same names; only white pixels are measured.
        source: Folder of the inputs of `fake`, with the same names, for baselines.
        train: Folder of training images of the target domain, for baselines.
        metrics: Names of metrics; none: all that the images have the data for.
        to: Domain to translate to, by default the last one of the run.
        split: Split of the run's data, by default ``test``.
        limit: The largest number of images to measure.
        size: For a run, the size of crops, by default as in training. For folders, the length of
            the shorter side of the scaled images.
        seeds: Random seeds of the outputs; for several, the result has means and standard
            deviations.
        options: Options of the recipe at inference: ``{"steps": 20}``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: Number of images in a batch.
        out: JSON file to write; for a run, by default ``evaluation.json`` in its folder.
            Thumbnails of the best and the worst images are written next to it.

    Returns:
        Metric values with intervals, those of baselines and of each image, and the protocol.

    Raises:
        translate.errors.TranslateError: An argument or file cannot be used; the message says what
            to do.

    Example:
        >>> evaluate("runs/cyclegan-summer-winter").values["psnr"].value
    """
    folder_options: dict[str, Any] = {"real": real, "fake": fake, "paired": paired or None}
    folder_options |= {"mask": mask, "source": source, "train": train}
    run_options: dict[str, Any] = {
        "to": to,
        "split": split,
        "seed": None if tuple(seeds) == (0,) else seeds,
        "set": options or None,
    }
    shared: dict[str, Any] = {
        "metrics": metrics,
        "limit": limit,
        "device": device,
        "batch_size": batch_size,
    }
    if run is not None:
        _refuse(folder_options, "a run")
        result = evaluate_run(
            run, to=to, split=split, size=size, seeds=seeds, options=options or {}, **shared
        )
        default = Path(str(result.protocol["run"])) / results.FILE
        path = Path(out) if out else default if default.parent.is_dir() else None
    else:
        _refuse(run_options, "folders")
        if real is None or fake is None:
            missing_side = "real" if real is None else "fake"
            raise ConfigError(
                f"{missing_side}: there is no run and no folder to evaluate: {EXAMPLE}"
            )
        if isinstance(size, tuple):
            raise ConfigError(f"size: got {size[0]}x{size[1]}: folders take one number, --size N.")
        path = Path(out) if out else None
        result = evaluate_folders(
            real, fake, paired=paired, mask=mask, source=source, train=train, size=size, **shared
        )
    if path is None:  # and so there is no place for thumbnails
        return replace(result, examples={}, thumbnails={})
    results.write(result, path)
    logger.info(f"{path}")
    return result


def _refuse(options: Mapping[str, Any], subject: str) -> None:
    """Raise `ConfigError` for an option that the evaluation of `subject` does not take."""
    if names := [name for name, value in options.items() if value is not None]:
        raise ConfigError(f"{names[0]}: {subject} cannot be evaluated with it: {EXAMPLE}")
