"""The result of an evaluation, and its file ``evaluation.json``."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from translate.engine.disk import files, folders, partial_files
from translate.engine.disk.records import json_files
from translate.engine.system.signatures import validation_message
from translate.errors import CheckpointError, SaveError

FILE = "evaluation.json"
"""In a run folder."""
FLOOR = "real training images"
"""the baseline that no method is expected to beat, for distances between sets of images"""
THUMBNAIL = re.compile(r"(best|worst)-\d+-[a-z]+\.png")
"""The name of a file in the folder of thumbnails."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredValue:
    """One metric value of the images that were evaluated."""

    value: float | None
    """The mean over seeds; None if the value is undefined for these images."""
    better: Literal["min", "max"]
    """Whether smaller or larger numbers are better."""
    unit: str = ""
    """The unit, such as ``dB``; empty for a number without one."""
    count: int = 0
    """The number of images measured."""
    low: float | None = None
    """Lower end of the 95 % bootstrap interval; None if there is no interval."""
    high: float | None = None
    """Upper end."""
    resamples: int = 0
    """The number of bootstrap resamples for the interval."""
    deviation: float | None = None
    """Standard deviation over seeds, if there are several."""

    def is_reached_by(self, other: float | None) -> bool:
        """Return whether `other` is as good as the value, or better."""
        if self.value is None or other is None:
            return False
        return other >= self.value if self.better == "max" else other <= self.value


@dataclass(frozen=True)
class EvaluationResult:
    """Metric values of a model or a folder of images, and of its baselines by the same code."""

    subject: str
    """The run with its step, or the folder, that was evaluated."""
    values: Mapping[str, MeasuredValue]
    """By name, such as ``psnr`` or ``kd-lite0``; ``psnr in mask`` is restricted to masks."""
    baselines: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    """Values of each baseline by its name, such as ``untouched input``."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """A sentence for each metric value that is no better than a baseline."""
    per_image: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    """Values of each image by its name, of metrics that are means over images."""
    trust: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What `translate infer --trust` measures, by the name of the image: ``cycle``, ``spread``,
    ``distance``, and ``trust`` if validation images of the run give the usual values."""
    protocol: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the evaluation: data, sizes, seeds, networks, versions. Results are
    comparable only if all of these are equal."""
    notes: tuple[str, ...] = ()
    """Warnings, and metrics that were skipped, with the reason."""
    examples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Thumbnails of the best and the worst images: files in the folder of `thumbnail_folder`, by
    the name of the image, then by ``source``, ``fake`` and ``target``."""
    thumbnails: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    """The PNG files in `examples`, by file name, until `write` writes them; not read again."""

    def best_baseline(self, name: str) -> tuple[str, float] | None:
        """Return the best baseline by a metric, with its value; None if there is only `FLOOR`."""
        candidates = {
            baseline: value
            for baseline, values in self.baselines.items()
            if baseline != FLOOR and (value := values.get(name)) is not None
        }
        if not candidates:
            return None
        choose = max if self.values[name].better == "max" else min
        return choose(candidates.items(), key=lambda candidate: candidate[1])


def document(result: EvaluationResult) -> dict[str, Any]:
    """Return a result as the content of its JSON file."""
    return {"format": 1, **{k: v for k, v in asdict(result).items() if k != "thumbnails"}}


def thumbnail_folder(path: Path) -> Path:
    """Return the folder of the thumbnails of the result at `path`."""
    return path.with_name(f"{path.stem}-images")


def write(result: EvaluationResult, path: Path) -> None:
    """Write a result as JSON, and the folder of its thumbnails, each atomically.

    An earlier result and its thumbnails are replaced. A folder of other files is kept, and the
    result is written without thumbnails. Raises `SaveError` if writing fails.
    """
    folder = thumbnail_folder(path)
    try:
        partial_files.remove_partial_folders(path.parent, folder.name)
        if not _is_replaceable(folder):
            logger.warning(
                f"{folder} holds other files and is kept: the best and the worst images are not "
                "saved. Move it away, or choose another --out."
            )
            result = replace(result, examples={}, thumbnails={})
        elif folder.exists():
            # before the result is replaced: thumbnails must not be next to another result
            folders.remove_folder(folder)
        files.replace_json(path, document(result))
        if result.thumbnails:
            folders.write_folder(folder, result.thumbnails)
    except OSError as error:
        raise SaveError(f"could not write {path}: {error.strerror or error}.") from error


def read(path: Path) -> EvaluationResult:
    """Return the result in a file of `write`; raise `CheckpointError` if it is another file."""
    try:
        return TypeAdapter(EvaluationResult).validate_python(json_files.read_json(path))
    except ValidationError as error:
        raise CheckpointError(
            f"{path} is not understood: {validation_message(error)} "
            "`translate evaluate RUN` writes it again."
        ) from error


def _is_replaceable(folder: Path) -> bool:
    """Return whether there is nothing at `folder`, or nothing but thumbnails in it."""
    if folder.is_symlink() or not folder.is_dir():
        return not os.path.lexists(folder)
    return all(THUMBNAIL.fullmatch(path.name) for path in folder.iterdir())


def flags(result: EvaluationResult) -> dict[str, str]:
    """Return a sentence for each metric value that a baseline reaches."""
    sentences = {}
    for name, measured in result.values.items():
        best = result.best_baseline(name)
        if best and measured.is_reached_by(best[1]):
            unit = f" {measured.unit}" if measured.unit else ""
            sentences[name] = f"no better than the {best[0]} ({best[1]:.4g}{unit})"
    return sentences


def verdict(result: EvaluationResult, name: str) -> str:
    """Return a comparison of the metric value `name` with its baselines, in words."""
    measured, best = result.values[name], result.best_baseline(name)
    if measured.value is None:
        return "undefined"
    if flag := result.flags.get(name):
        return flag
    if best is None:
        return "no baseline"
    bound = measured.low if measured.better == "max" else measured.high
    is_within = bound is not None and replace(measured, value=bound).is_reached_by(best[1])
    return f"better than every baseline{', but within the interval' if is_within else ''}"
