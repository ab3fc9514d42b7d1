"""Evaluate a trained run on the test images of its data."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from translate import __version__
from translate.engine.checkpoints.read import read_checkpoint
from translate.engine.checkpoints.references.lookup import is_cached_copy, resolve, run_of
from translate.engine.data import places
from translate.engine.models.model import load
from translate.engine.runs.run_record import working_directory_of
from translate.errors import ConfigError
from translate.evaluate import baselines, measuring
from translate.evaluate.evaluation import Evaluation, Subject
from translate.evaluate.images.outputs import ModelInference
from translate.evaluate.images.run_images import RunImages, open_split, read_images
from translate.evaluate.result import EvaluationResult

logger = logging.getLogger(__name__)
BASELINE_IMAGES = 1000
"""largest number of training images for baselines, unless more images are measured"""


def evaluate_run(
    reference: str | Path,
    *,
    metrics: Sequence[str] = (),
    to: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    size: int | tuple[int, int] | None = None,
    seeds: Sequence[int] = (0,),
    options: Mapping[str, Any] = {},
    device: str = "auto",
    batch_size: int = 16,
) -> EvaluationResult:
    """Return metric values of a run and of baselines.

    The arguments are those of `translate.evaluate.entry.evaluate`; `reference` is its ``run``. The
    images of a `limit` are spread evenly over the split.
    """
    checkpoint, _ = resolve(reference)
    model, notes = load(reference, device=device)
    inference = ModelInference(
        model, model.choose_target(to) if model.domains else "", batch_size, options
    )
    _check_outputs(inference, to)
    if len(seeds) > 1 and not inference.is_random:
        raise ConfigError(
            f"seed: {model.name} uses no random numbers, got {len(seeds)} seeds: expected one. "
            "Leave --seed out."
        )
    run = run_of(checkpoint)
    config = read_checkpoint(checkpoint).config
    data = places.locate(config.data, working_directory_of(run), root_changed=False)
    data = data.model_copy(update={"size": size} if size else {})
    layout, split_data, trained_layout, note = open_split(
        data, split, config.train.seed, model.spec.domains
    )
    names = [domain.name for domain in layout.spec.domains]
    target = inference.to or names[-1]
    read = partial(
        read_images,
        reverse=len(names) > 1 and target == names[0],
        to=target,
        degrades_images=model.degrades_images,
        seed=config.train.seed,
    )
    images = read(layout, split_data, limit=limit)
    train = read(trained_layout, data, limit=max(BASELINE_IMAGES, len(images.target)))
    notes = [*notes, *([note] if note else []), *(f"skipped {error}" for error in images.problems)]
    source_domain, domain = model.source_and_target(target)
    evaluation = Evaluation(
        metrics, domain, source_domain, model.spec.classes, batch_size, model.device, notes
    )
    logger.info(f"evaluating {len(images.names)} images of {_subject_name(inference, images)}")
    name = model.name if is_cached_copy(reference) else run
    return evaluation.run(
        f"{name}@{model.step}",
        _subjects(inference, images, train, trained_on=split_data.split == data.split),
        seeds,
        {
            **_protocol(inference, images, train, split_data.split, data.crop),
            "seeds": list(seeds),
            **({"options": dict(options)} if options else {}),
            "run": str(name),
            "recipe": model.recipe_name,
            "checkpoint": str(checkpoint),
            "checkpoint sha256": model.digest,
            "step": model.step,
        },
    )


def versions() -> dict[str, str]:
    """Return the versions of packages that metric values depend on."""
    packages = {"translate-kit": __version__, "torch": str(torch.__version__)}
    for package in ("timm", "torchmetrics", "torch-fidelity"):
        try:
            packages[package] = version(package)
        except PackageNotFoundError:
            continue  # no metric used it
    return packages


def _subjects(
    inference: ModelInference, images: RunImages, train: RunImages, *, trained_on: bool
) -> list[Subject]:
    """Return the translations, if the recipe translates, and the samples, if it generates."""
    source, target = inference.model.source_and_target(inference.to)
    comparable = source.channels == target.channels and not (source.labels or target.labels)
    subjects = []
    if inference.model.translates:
        subjects.append(
            Subject(
                inference.translation_fields(images),
                lambda seed: inference.translations(images, seed),
                lambda outputs: baselines.of_translation(
                    outputs, train, comparable=comparable, trained_on=trained_on
                ),
                inference.trust,
            )
        )
    if inference.model.draws:
        subjects.append(
            Subject(
                inference.sample_fields(images),
                lambda seed: inference.samples(images, seed),
                lambda outputs: baselines.of_samples(outputs, train),
            )
        )
    return subjects


def _check_outputs(inference: ModelInference, to: str | None) -> None:
    """Raise `ConfigError` for a recipe without outputs, and for a domain or option without use."""
    if not (inference.model.translates or inference.model.draws):
        raise ConfigError(
            f"{inference.model.name}: its recipe neither translates nor generates images, so there "
            "is nothing to evaluate: expected one with translate or draw."
        )
    if to and not inference.model.translates:
        raise ConfigError(f"to: {inference.model.name} translates nothing: leave --to out.")
    for method in inference.output_methods:
        inference.options_of(method)  # refuses options that neither method has


def _subject_name(inference: ModelInference, images: RunImages) -> str:
    model = inference.model
    source, target = model.source_and_target(inference.to)
    if not inference.model.translates:
        return target.name
    return f"{source.name} to {target.name}" + (f" ({images.truth})" if images.truth else "")


def _protocol(
    inference: ModelInference,
    images: RunImages,
    train: RunImages,
    split: str,
    size: tuple[int, int],
) -> dict[str, Any]:
    source, target = inference.model.source_and_target(inference.to)
    translation: dict[str, Any] = {}
    if inference.model.translates:
        translation = {"from": source.name, "to": target.name}
    return {
        **translation,
        "ground truth": images.truth
        or ("the original images" if inference.model.degrades_images else "none"),
        "split": split,
        "images": len(images.names),
        "real images": len(images.target),
        "training images of baselines": len(train.target),
        "size": list(size),
        "resize": "to cover the size (area down, cubic up), then cropped to the centre",
        "range": f"{target.dtype}, {target.range[0]:g} to {target.range[1]:g}",
        "interval": measuring.INTERVAL,
        "device": str(inference.model.device),
        "versions": versions(),
    }
