"""Thumbnails of previews and examples are small enough for the size limit of a page."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.report import thumbnails


def decode(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_thumbnail_is_the_image_with_its_sizes() -> None:
    pixels = np.full((40, 30, 3), (200, 30, 30), np.uint8)
    thumbnail = thumbnails.make_thumbnail(pixels, 10_000)
    image = decode(thumbnail.uri)
    assert image.size == (thumbnail.width, thumbnail.height) == (30, 40)
    assert not thumbnail.downscaled
    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels).max() < 12


@pytest.mark.parametrize("limit", [20_000, 2_000])
def test_an_image_of_noise_is_downscaled_until_it_fits(limit: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1500, 700, 3), np.uint8)
    thumbnail = thumbnails.make_thumbnail(pixels, limit)
    assert len(thumbnail.uri) * 3 / 4 <= limit + 30
    assert thumbnail.height > thumbnail.width > 20 and thumbnail.downscaled


@pytest.mark.parametrize(
    ("count", "steps"), [(9, [1, 2, 3, 4, 5]), (3, [1, 3, 5]), (2, [1, 5]), (1, [5])]
)
def test_the_first_and_the_last_preview_are_shown(count: int, steps: list[int]) -> None:
    previews = [(step, Path(f"{step}.png")) for step in range(1, 6)]
    assert [step for step, _ in thumbnails.choose_evenly(previews, count)] == steps


def test_examples_of_several_runs_share_the_bytes_of_a_page(run: Path) -> None:
    examples = {"a": {"fake": "best-1-fake.png", "later": "x.png"}, "b": {"fake": "../run.json"}}
    folder = run / "evaluation-images"
    by_image, damaged = thumbnails.example_thumbnails(folder, examples, run_count=1)
    [(role, large)] = by_image["a"]
    assert role == "output" and decode(large.uri).size == (32, 32) and "b" not in by_image
    [line] = damaged
    assert line.startswith("best and worst test images: ") and "evaluation-images/run.json" in line
    many_runs = thumbnails.EXAMPLES_BYTES // 2 // 500  # 500 bytes for each of two images
    [(_, small)] = thumbnails.example_thumbnails(folder, examples, run_count=many_runs)[0]["a"]
    assert len(small.uri) * 3 / 4 <= 500 + 30
