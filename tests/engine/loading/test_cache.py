"""Decoded images are cached in memory, as a complete data set or not at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_data import checked_data, equal_batches, read_batches

from translate.batches import Domain
from translate.engine.config.schema import Data
from translate.engine.loading import loader
from translate.engine.loading.cache import Cache
from translate.errors import BadImage
from translate.images.encode import write_image
from translate.images.source import EncodedImage


def test_memory_and_disk_give_the_same_batches(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (40, 30), np.uint16, endpoint=True)
    Image.fromarray(pixels).save(tmp_path / "a/train/16-bit.png")
    cached = read_batches(data_config())
    assert equal_batches(cached, read_batches(data_config(cache=0)))
    dataset = checked_data(data_config())
    for file in tmp_path.rglob("*.png"):
        file.unlink()
    from_memory = loader.batches(dataset, data_config(), seed=7, batch_size=2, steps=range(9))
    assert equal_batches(cached, [batch for batch, _ in from_memory])


def test_a_data_set_is_cached_completely_or_not_at_all(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    needed = 8 * 32 * 32 * 3 / 1e9
    fitting, too_large = (checked_data(data_config(cache=size)) for size in (needed, needed * 0.99))
    path = tmp_path / "a/train/0000.png"
    path.unlink()
    assert fitting.augment.read(path).shape == (32, 32, 3)
    with pytest.raises(BadImage, match="not there"):
        too_large.augment.read(path)


def test_a_cached_image_equals_the_one_read(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    one, two = tmp_path / "1.png", tmp_path / "2.png"
    write_image(one, pixels)
    write_image(two, 255 - pixels)
    cache = Cache({one: (5, 7), two: (5, 7)}, Domain("", 3), {})
    cache.add(EncodedImage.open(two))
    cache.add(EncodedImage.open(one))
    assert len(cache) == 2
    assert (cache.read(one) == pixels).all()
    assert (cache.read(two) == 255 - pixels).all()
    with pytest.raises(BadImage, match="changed while it was read"):
        Cache({one: (7, 5)}, Domain("", 3), {}).add(EncodedImage.open(one))
