"""Images are encoded as files in every format that can be written."""

from pathlib import Path

import numpy as np
import pytest
from random_images import noise

from translate.folders.listing import find_images
from translate.images.encode import encode_image, write_image
from translate.images.files.format_registry import can_hold, is_lossy, writable_suffixes
from translate.images.source import read_image


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", writable_suffixes(1))
def test_written_images_are_read_back_unchanged(suffix: str, channels: int, tmp_path: Path) -> None:
    if not can_hold(suffix, channels):
        with pytest.raises(ValueError, match="cannot store"):
            encode_image(noise(5, 9, channels), suffix)
        return
    pixels = noise(5, 9, channels)
    write_image(tmp_path / f"new/folder/image{suffix.upper()}", pixels)
    (path,) = find_images(tmp_path)
    result = read_image(path, channels=channels)
    largest_error = 16 if is_lossy(suffix) else 0
    assert np.abs(result.astype(int) - pixels).max() <= largest_error
