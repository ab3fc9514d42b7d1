"""The best and the worst images, and their thumbnails."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from translate.batches import UNNAMED, Domain
from translate.evaluate.images.examples import RANKED, SIDE, rankings, with_thumbnails
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.result import THUMBNAIL, EvaluationResult, MeasuredValue


def result(psnr: dict[str, float | None], better: str = "max") -> EvaluationResult:
    """Return a result with the PSNR of each image, and a distance of all images."""
    values = {"kd": MeasuredValue(1.0, "min"), "psnr": MeasuredValue(1.0, better)}  # type: ignore[arg-type]
    per_image = {name: {"psnr": value} for name, value in psnr.items()}
    return EvaluationResult("run", values, per_image=per_image)


def decode(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("better", "best", "worst"), [("max", ["c", "b"], ["a", "d"]), ("min", ["a", "d"], ["c", "b"])]
)
def test_the_best_and_the_worst_images_come_first(
    better: str, best: list[str], worst: list[str]
) -> None:
    [ranking] = rankings(result({"a": 1.0, "b": 3.0, "c": 4.0, "d": 2.0, "e": None}, better))
    assert ranking.metric == "psnr"
    assert [name for name, _ in ranking.best] == best
    assert [name for name, _ in ranking.worst] == worst


def test_no_image_is_both_best_and_worst_and_a_single_image_is_neither() -> None:
    [ranking] = rankings(result({str(number): float(number) for number in range(3 * RANKED)}))
    assert len(ranking.best) == len(ranking.worst) == RANKED
    [ranking] = rankings(result({"a": 1.0, "b": 2.0, "c": 3.0}))
    assert (ranking.best, ranking.worst) == ([("c", 3.0)], [("a", 1.0)])
    assert rankings(result({"a": 1.0})) == []


def test_the_ranking_by_trust_is_the_first_where_there_is_no_ground_truth() -> None:
    trust = {"a": {"trust": 0.9}, "b": {"trust": 0.1}, "c": {"cycle": 0.5}}  # c has no trust
    unpaired = replace(result({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}), trust=trust)
    first, second = rankings(unpaired)
    assert (first.metric, second.metric) == ("trust", "psnr")
    assert (first.best, first.worst) == ([("a", 0.9)], [("b", 0.1)])
    paired = replace(unpaired, protocol={"ground truth": "pairs"})
    assert [ranking.metric for ranking in rankings(paired)] == ["psnr", "trust"]


def test_thumbnails_are_of_the_ranked_images_and_keep_their_aspect() -> None:
    levels = {"a": 10, "b": 20, "c": 30}
    fake = [np.full((300, 200, 3), level, np.uint8) for level in levels.values()]
    source = [np.full((30, 20, 1), 2 * level, np.uint8) for level in levels.values()]
    ranked = with_thumbnails(
        result({"a": 1.0, "b": 2.0, "c": 3.0}),
        [Outputs([*levels], fake, source=source)],
        source=Domain("photo", channels=1),
        target=UNNAMED,
    )
    assert ranked.examples == {
        "c": {"source": "best-1-source.png", "fake": "best-1-fake.png"},
        "a": {"source": "worst-1-source.png", "fake": "worst-1-fake.png"},
    }
    assert all(THUMBNAIL.fullmatch(name) for name in ranked.thumbnails)
    large, small = (
        decode(ranked.thumbnails[f"best-1-{field}.png"]) for field in ("fake", "source")
    )
    assert large.shape == (SIDE, round(SIDE * 200 / 300), 3) and np.all(large == 30)
    assert small.shape == (30, 20, 3) and np.all(small == 60)


def test_class_numbers_of_label_maps_are_visible_and_not_blended() -> None:
    labels = np.zeros((256, 256, 1), np.uint8)
    labels[:, 101:] = 2  # the border is inside of a pixel of the thumbnail, 2 pixels wide
    ranked = with_thumbnails(
        result({"a": 1.0, "b": 2.0}),
        [Outputs(["a", "b"], [labels, labels])],
        source=UNNAMED,
        target=Domain("labels", channels=1, range=(0.0, 2.0), labels=True),
    )
    assert {*np.unique(decode(ranked.thumbnails["best-1-fake.png"]))} == {0, 255}


def test_without_values_of_single_images_there_are_no_thumbnails() -> None:
    samples = Outputs(["sample 0"], [np.zeros((8, 8, 3), np.uint8)])
    ranked = with_thumbnails(result({}), [samples], source=UNNAMED, target=UNNAMED)
    assert (ranked.examples, ranked.thumbnails) == ({}, {})
