"""The trust of outputs, for training images and for images unlike them."""

from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
import small_checkpoints
from PIL import Image
from small_exports import RECORD, InvertingExporter
from trust_models import image_processor

from translate.engine.exports.torch_free.file_model import file_model
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.meter import Meter, open_meter, trust
from translate.errors import ConfigError


def scores_one_by_one(meter: Meter, *images: np.ndarray) -> list[dict[str, float]]:
    scores = []
    for image in images:
        (output,) = meter.processor.translate([image])
        assert output is not None
        scores.append(dict(meter.measure([image], [output])[0].scores))
    return scores


def test_trust_is_one_half_at_the_limits_and_less_above_them() -> None:
    assert trust({"cycle": 1.0}) == trust({"distance": 1.0}) == trust({"spread": 1.0}) == 0.5
    assert trust({"cycle": 0.5, "spread": 1.5}) == 0.5, "the mean ratio is 1"
    assert trust({"cycle": 0.5}) == trust({"cycle": 0.5, "distance": 0.9}) == 1 / 1.5
    assert trust({"cycle": 0.5, "distance": 3.5}) == 1 / 4, "r is 0.5 + 2.5"
    assert trust({"distance": 3.0}) == 1 / 4


def test_unfamiliar_images_have_the_lowest_trust(cycle: ImageProcessor, photos: Path) -> None:
    meter = open_meter(cycle)
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    training_images = [np.asarray(Image.open(photos / f"a/train/{n:04}.png")) for n in range(4)]
    scores = scores_one_by_one(meter, *training_images, noise)
    assert all(score.keys() == {"trust", "cycle", "distance"} for score in scores)
    *others, lowest = [score["trust"] for score in scores]
    assert 0 < lowest < min(others) < 1
    assert meter.reference is not None
    ratios = {name: scores[-1][name] / limit for name, limit in meter.reference.limits.items()}
    assert lowest == pytest.approx(trust(ratios), abs=1e-3)


def test_scores_do_not_depend_on_the_batch(noisy: ImageProcessor, photos: Path) -> None:
    meter = open_meter(noisy)
    images = [np.asarray(Image.open(photos / f"a/train/{n:04}.png")) for n in range(2)]
    outputs = [each for each in noisy.translate(images) if each is not None]
    together = [each.scores for each in meter.measure(images, outputs)]
    for scores, single in zip(together, scores_one_by_one(meter, *images), strict=True):
        assert scores == pytest.approx(single, abs=1e-4)


def test_only_differences_need_no_training_images(cycle_run: Path, photos: Path) -> None:
    data = {"root": str(photos), "layout": "paired"}
    plain = small_checkpoints.pix2pix(photos / "plain", domains=("a", "b"), data=data)
    rmtree(photos / "a")
    meter = open_meter(image_processor(cycle_run))
    (scores,) = scores_one_by_one(meter, np.zeros((16, 16, 3), np.uint8))
    assert scores.keys() == {"cycle"}
    with pytest.raises(ConfigError, match="cannot translate back and draws no random numbers"):
        open_meter(image_processor(plain))


def test_the_trust_of_an_exported_model_is_refused_with_the_reason() -> None:
    record = RECORD.model_dump_json().encode()
    model = file_model("x.inverting", InvertingExporter(), record, digest="d")
    with pytest.raises(ConfigError, match=r"^trust: x\.inverting is an exported model"):
        open_meter(ImageProcessor(model, "winter"))
