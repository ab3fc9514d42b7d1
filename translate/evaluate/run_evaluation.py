"""Evaluate a trained run on the test images of its data."""

import logging
from collections.abc import Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from translate import __version__
from translate.engine.checkpoints import read
from translate.engine.checkpoints.references import resolve
from translate.engine.data import places
from translate.engine.models.model import load
from translate.engine.runs.provenance import working_directory_of
from translate.errors import ConfigError
from translate.evaluate import baselines
from translate.evaluate.evaluation import Evaluation, Subject
from translate.evaluate.outputs import Generator
from translate.evaluate.result import EvaluationResult
from translate.evaluate.run_images import RunImages, open_split, read_images

logger = logging.getLogger(__name__)
TRAINING = 1000
"""training images that baselines are made of, at most, unless more are measured"""


def evaluate_run(
    reference: str | Path,
    *,
    metrics: Sequence[str] = (),
    to: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    size: int | tuple[int, int] | None = None,
    seeds: Sequence[int] = (0,),
    device: str = "auto",
    batch_size: int = 16,
) -> EvaluationResult:
    """Return the figures of a run next to those of baselines.

    Args:
        reference: A run, ``RUN@STEP``, ``RUN@best`` or a checkpoint.
        metrics: Names of metrics; none: all that fit.
        to: The domain to translate to, by default the last one.
        split: The split to measure, by default ``test``.
        limit: Measure at most so many images, spread evenly.
        size: The size of the images instead of the training crop's.
        seeds: Random seeds of the outputs.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: Images that are translated and measured together.
    """
    place, _ = resolve(reference)
    model, notes = load(reference, device=device)
    generator = Generator(model, model.choose(to) if model.domains else "", batch_size)
    _expect_outputs(generator, to)
    if len(seeds) > 1 and not generator.is_random:
        raise ConfigError(
            f"seed: {model.name} draws no random numbers, got {len(seeds)} seeds: expected one. "
            "Leave --seed out."
        )
    run = place.parent.parent if place.parent.name == "checkpoints" else place
    config = read.read_checkpoint(place).config
    data = places.locate(config.data, working_directory_of(run), root_changed=False)
    data = data.model_copy(update={"size": size} if size else {})
    layout, of_split, trained, note = open_split(data, split, config.train.seed)
    notes = [*notes, *([note] if note else [])]
    names = [domain.name for domain in layout.spec.domains]
    target = generator.to or names[-1]
    reverse = len(names) > 1 and target == names[0]
    read_run = partial(
        read_images,
        reverse=reverse,
        to=target,
        own_pairs=generator.makes_pairs,
        seed=config.train.seed,
    )
    images = read_run(layout, of_split, limit=limit)
    train = read_run(trained, data, limit=max(TRAINING, len(images.target)))
    notes += [f"skipped {bad}" for bad in images.problems]
    source_domain, domain = model.source_and_target(target)
    evaluation = Evaluation(
        metrics, domain, source_domain, model.spec.classes, batch_size, model.device, notes
    )
    logger.info(f"evaluating {len(images.names)} images of {_described(generator, images)}")
    return evaluation.run(
        f"{run}@{model.step}",
        _subjects(generator, images, train, of_training=of_split.split == data.split),
        seeds,
        {
            **_protocol(generator, images, train, of_split.split, data.crop),
            "seeds": list(seeds),
            "run": str(run),
            "recipe": model.method,
            "checkpoint": str(place),
            "checkpoint sha256": model.digest,
            "step": model.step,
        },
    )


def versions() -> dict[str, str]:
    """Return the versions of what figures depend on."""
    found = {"translate-kit": __version__, "torch": str(torch.__version__)}
    for package in ("torchmetrics", "torch-fidelity"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # nothing was measured with it
    return found


def _subjects(
    generator: Generator, images: RunImages, train: RunImages, *, of_training: bool
) -> list[Subject]:
    """Return the translations, then the samples, of a recipe that makes them."""
    source, target = generator.model.source_and_target(generator.to)
    photographs = not (source.labels or target.labels)
    same_kind = photographs and source.channels == target.channels
    found = []
    if generator.translates:
        found.append(
            Subject(
                generator.fields_translated(images),
                lambda seed: generator.translated(images, seed),
                lambda made: baselines.of_translation(
                    made, train, same_kind=same_kind, of_training=of_training
                ),
                generator.trust,
            )
        )
    if generator.draws:
        found.append(
            Subject(
                generator.fields_drawn(images),
                lambda seed: generator.drawn(images, seed),
                lambda made: baselines.of_samples(made, train),
            )
        )
    return found


def _expect_outputs(generator: Generator, to: str | None) -> None:
    """Raise `ConfigError` for a recipe without outputs, or a domain that it does not make."""
    if not (generator.translates or generator.draws):
        raise ConfigError(
            f"{generator.model.name}: its recipe neither translates nor generates images, so there "
            "is nothing to evaluate: expected one with translate or draw."
        )
    if to and not generator.translates:
        raise ConfigError(f"to: {generator.model.name} translates nothing: leave --to out.")


def _described(generator: Generator, images: RunImages) -> str:
    model = generator.model
    source, target = model.source_and_target(generator.to)
    if not generator.translates:
        return target.name
    return f"{source.name} to {target.name}" + (f" ({images.truth})" if images.truth else "")


def _protocol(
    generator: Generator,
    images: RunImages,
    train: RunImages,
    split: str,
    size: tuple[int, int],
) -> dict[str, Any]:
    source, target = generator.model.source_and_target(generator.to)
    translation: dict[str, Any] = {}
    if generator.translates:
        translation = {"from": source.name, "to": target.name}
    return {
        **translation,
        "ground truth": images.truth
        or ("the original images" if generator.makes_pairs else "none"),
        "split": split,
        "images": len(images.names),
        "real images": len(images.target),
        "training images of baselines": len(train.target),
        "size": list(size),
        "resize": "to cover the size (area down, cubic up), then cropped to the centre",
        "range": f"{target.dtype}, {target.range[0]:g} to {target.range[1]:g}",
        "interval": "95 %, percentiles of images drawn with replacement",
        "device": str(generator.model.device),
        "versions": versions(),
    }
