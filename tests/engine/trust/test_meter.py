"""The trust of outputs: by hand, for what a model has learnt, and for what it has never met."""

from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
import small_checkpoints
from PIL import Image
from small_exports import RECORD, InvertingExporter
from trust_models import processor

from translate.engine.exports.exported.file_model import file_model
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.meter import Meter, open_meter, trust
from translate.errors import ConfigError


def measured(meter: Meter, *images: np.ndarray) -> list[dict[str, float]]:
    outputs = [meter.processor.translate([image])[0] for image in images]
    return [
        dict(meter.measure([one], [other])[0].scores)
        for one, other in zip(images, outputs, strict=True)
        if other is not None
    ]


def test_trust_is_a_half_at_the_limit_and_falls_beyond() -> None:
    assert trust({"cycle": 1.0}) == trust({"distance": 1.0}) == trust({"spread": 1.0}) == 0.5
    assert trust({"cycle": 0.5, "spread": 1.5}) == 0.5, "their mean"
    assert trust({"cycle": 0.5}) == trust({"cycle": 0.5, "distance": 0.9}) == 1 / 1.5
    assert trust({"cycle": 0.5, "distance": 3.5}) == 1 / 4, "0.5, and 2.5 beyond the limit"
    assert trust({"distance": 3.0}) == 1 / 4


def test_an_image_that_is_like_no_training_image_is_trusted_least(
    cycle: ImageProcessor, photos: Path
) -> None:
    meter = open_meter(cycle)
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    known = [np.asarray(Image.open(photos / f"a/train/{n:04}.png")) for n in range(4)]
    scores = measured(meter, *known, noise)
    assert all(score.keys() == {"trust", "cycle", "distance"} for score in scores)
    *others, least = [score["trust"] for score in scores]
    assert 0 < least < min(others) < 1
    assert least == pytest.approx(
        trust({name: scores[-1][name] / limit for name, limit in _limits(meter).items()}), abs=1e-3
    )


def _limits(meter: Meter) -> dict[str, float]:
    assert meter.reference is not None
    return meter.reference.limits


def test_images_measured_together_have_the_scores_that_they_have_alone(
    noisy: ImageProcessor, photos: Path
) -> None:
    meter = open_meter(noisy)
    images = [np.asarray(Image.open(photos / f"a/train/{n:04}.png")) for n in range(2)]
    outputs = [each for each in noisy.translate(images) if each is not None]
    together = [each.scores for each in meter.measure(images, outputs)]
    for one, other in zip(together, measured(meter, *images), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_without_training_images_there_are_differences_or_nothing(
    cycle_run: Path, photos: Path
) -> None:
    data = {"root": str(photos), "layout": "paired"}
    plain = small_checkpoints.pix2pix(photos / "plain", domains=("a", "b"), data=data)
    rmtree(photos / "a")
    meter = open_meter(processor(cycle_run))
    (scores,) = measured(meter, np.zeros((16, 16, 3), np.uint8))
    assert scores.keys() == {"cycle"}
    with pytest.raises(ConfigError, match="cannot translate back and draws no random numbers"):
        open_meter(processor(plain))


def test_the_trust_of_an_exported_model_is_refused_with_the_reason() -> None:
    record = RECORD.model_dump_json().encode()
    model = file_model("x.inverting", InvertingExporter(), record, digest="d")
    with pytest.raises(ConfigError, match=r"^trust: x\.inverting is an exported model"):
        open_meter(ImageProcessor(model, "winter"))
