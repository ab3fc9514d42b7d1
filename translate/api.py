"""The Python interface: `train` a model, and a `Translator` that applies it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from translate.engine.config import layers
from translate.engine.config.arguments import check_arguments
from translate.engine.system import console
from translate.engine.training import train as training
from translate.engine.training.monitoring.progress_bar import shown_progress
from translate.engine.training.request import TrainingRequest
from translate.evaluate.entry import evaluate
from translate.evaluate.result import EvaluationResult, MeasuredValue
from translate.progress import ProgressReport, ProgressReporter
from translate.results import InferenceResult, TrainingPlan, TrainingResult
from translate.translator import Translator

__all__ = [
    "EvaluationResult",
    "InferenceResult",
    "MeasuredValue",
    "ProgressReport",
    "ProgressReporter",
    "TrainingPlan",
    "TrainingResult",
    "Translator",
    "evaluate",
    "train",
]


@check_arguments()
def train(
    plugin: str | None = None,
    *,
    domains: Sequence[str | Path] | None = None,
    config: str | Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    data: str | Path | Mapping[str, Any] | None = None,
    settings: Sequence[str] | Mapping[str, Any] = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init: str | Path | None = None,
    fork_run: bool = False,
    accept_data_change: bool = False,
    steps: int | None = None,
    epochs: int | None = None,
    size: int | tuple[int, int] | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    precision: str | None = None,
    dry_run: bool = False,
    progress: bool | ProgressReporter = True,
) -> TrainingResult:
    """Train a model; the arguments are those of `translate train`.

    Args:
        plugin: Name of the recipe, such as ``"cyclegan"``.
        domains: Folders of images, the source domain first and the target domain last.
        config: A configuration: its name, a file, or a mapping.
        options: Options of the recipe: ``{"lr": 1e-4, "generator": {"name": "resnet"}}``.
        data: Folder of the domains, or settings of ``data``: ``{"root": "photos", "size": 64}``.
        settings: Any settings by dotted key, ``{"train.save_every": 500}``, or in the form of
            ``--set``, ``["train.save_every=500"]``. None restores the default.
        out: The run folder.
        resume: A run to continue, with its settings except those given here. ``"auto"``: continue
            the run in `out`, or start it if there is none.
        init: A run to fine-tune: training starts with its weights, at step 0.
        fork_run: Resume in a new folder, which permits changes of all settings.
        accept_data_change: Resume even if the images have changed.
        steps: Steps to train.
        epochs: Epochs to train, instead of steps.
        size: Height and width of training crops in pixels: one number, or two.
        batch_size: Images in a batch.
        seed: Random seed.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``fp32`` or ``bf16``.
        dry_run: Check the data, take a few steps, and write nothing: the result has a ``plan`` with
            the time and memory that training would take.
        progress: True shows a progress bar in a terminal or a notebook, False nothing; or a
            `ProgressReporter`.

    Returns:
        The result: ``path`` is the run folder, ``step`` the last step.

    Raises:
        translate.errors.TranslateError: An argument or the data cannot be used, or training fails;
            the message says what to do.

    Example:
        >>> run = train("cyclegan", domains=["summer", "winter"], steps=2000, options={"lr": 1e-4})
    """
    arguments = {
        "domains": [str(domain) for domain in domains] if domains else None,
        "data": str(data) if data and not isinstance(data, Mapping) else None,
        "size": list(size) if isinstance(size, tuple) else size,
        "steps": steps,
        "epochs": epochs,
        "batch_size": batch_size,
        "seed": seed,
        "device": None if device is None else str(device),
        "precision": precision,
    }
    sections = {"options": options or {}, "data": data if isinstance(data, Mapping) else {}}
    flags = _by_dotted_key(sections) | layers.settings_from_flags(arguments)
    flags |= _by_dotted_key(settings) if isinstance(settings, Mapping) else {}
    request = TrainingRequest(
        plugin=plugin,
        config=config,
        flags=flags,
        assignments=() if isinstance(settings, Mapping) else settings,
        out=Path(out) if out else None,
        resume=resume,
        init=Path(init) if init else None,
        fork_run=fork_run,
        accept_data_change=accept_data_change,
        dry_run=dry_run,
    )
    with _show_progress(progress, steps=not dry_run) as reporter:
        return training.train(request, progress=reporter)


@contextmanager
def _show_progress(progress: bool | ProgressReporter, *, steps: bool) -> Iterator[ProgressReporter]:
    """Yield the reporter of progress, which also gets log messages."""
    if isinstance(progress, bool):
        with shown_progress(quiet=not progress, steps=steps) as reporter:
            yield reporter
    else:
        with console.messages(progress.message):
            yield progress


def _by_dotted_key(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings` by dotted key; values of sections may be mappings."""
    values: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and "." not in key:
            values |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            values[key] = value
    return values
