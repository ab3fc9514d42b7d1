"""Near-duplicates are found in other formats and sizes; unrelated images are not reported."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import small_runs
from numpy.typing import NDArray
from PIL import Image
from random_images import encode
from small_data import checked_data

from translate.engine.splits import near_duplicates
from translate.engine.splits.near_duplicates import find_near_duplicates, hash_images, hash_pixels

Folder = Callable[..., Path]


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


def test_photographs_are_recognized_at_half_the_size_and_low_quality(shared_images: Path) -> None:
    paths = sorted((shared_images / "horse2zebra/testA").iterdir())[:12]
    originals = hash_images(paths, pixels)

    def compressed_copy(path: Path) -> NDArray[np.uint8]:
        image = Image.fromarray(pixels(path))
        half_size = image.resize((image.width // 2, image.height // 2))
        return np.array(Image.open(BytesIO(encode(half_size, "JPEG", quality=60))))

    pairs = find_near_duplicates(hash_images(paths, compressed_copy), originals)
    assert sorted((pair.path, pair.other) for pair in pairs) == [(path, path) for path in paths]


def test_a_uniform_image_is_not_compared() -> None:
    assert hash_pixels(np.full((9, 9, 3), 77, np.uint8)) is None
    assert hash_pixels(np.arange(81, dtype=np.uint8).reshape(9, 9, 1)) is not None


def test_a_large_split_is_sampled_by_number_and_size(
    image_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(image_folder("a", 8).iterdir())
    assert hash_images(files, pixels).sample == ""
    monkeypatch.setattr(near_duplicates, "LIMIT", 4)
    hashes = hash_images(files, pixels)
    assert hashes.sample == "a sample of 4 of 8 images"
    assert list(hashes.paths) == files[::2]
    monkeypatch.setattr(near_duplicates, "LIMIT_BYTES", files[0].stat().st_size)
    assert len(hash_images(files, pixels).paths) == 1


def test_V10_training_warns_of_test_images_that_were_trained_on(
    image_folder: Folder, tmp_path: Path
) -> None:
    for domain in ("a", "b"):
        image_folder(f"{domain}/train", 4), image_folder(f"{domain}/test", 2)
    copied, changed = tmp_path / "a/test/copy.png", pixels(tmp_path / "a/train/0002.png")
    changed[0, 0] += 1
    Image.fromarray(changed).save(copied)
    config = small_runs.config(tmp_path, train__steps=1)
    (line,) = near_duplicates.split_warnings(checked_data(config.data), config.data)
    assert line.startswith(
        f"test: 1 of 5 images are nearly images that are trained on, such as {copied} and "
        f"{tmp_path / 'a/train/0002.png'} ("
    )
    assert line.endswith(" `translate datasets check a b` lists them")
    progress = small_runs.ProgressRecorder()
    small_runs.train(config, tmp_path / "run", progress)
    assert line in progress.lines
    copied.unlink()
    assert near_duplicates.split_warnings(checked_data(config.data), config.data) == []


@pytest.mark.parametrize(("dtype", "channels"), [("int16", 1), ("uint16", 5), ("float32", 2)])
def test_images_of_any_type_and_number_of_bands_have_hashes(dtype: str, channels: int) -> None:
    levels = np.random.default_rng(0).random((40, 40, channels)) * 1000
    bits, bits_of_flipped = (hash_pixels(x.astype(dtype)) for x in (levels, levels[::-1]))
    assert bits is not None and bits_of_flipped is not None and (bits != bits_of_flipped).any()
    assert hash_pixels(np.full((40, 40, channels), 7, dtype)) is None
