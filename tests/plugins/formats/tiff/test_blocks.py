"""Windows of a TIFF: only the blocks that overlap the window are read."""

import resource
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from translate.errors import BadImage
from translate.formats import Window
from translate.images.source import EncodedImage

PIXELS = np.random.default_rng(0).integers(0, 256, (256, 320, 3), np.uint8)
LAYOUTS: list[dict[str, Any]] = [
    {"tile": (32, 32)}, {"tile": (32, 32), "compression": "zlib", "predictor": True},
    {"rowsperstrip": 8}, {"rowsperstrip": 8, "compression": "lzw"}, {},
    {"tile": (32, 64), "planarconfig": "separate", "compression": "zstd"},
]  # fmt: skip


class CountingFile(BytesIO):
    """A file that counts the bytes that are read."""

    bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        return data


def tiff(**options: Any) -> bytes:
    pixels = np.moveaxis(PIXELS, 2, 0) if "planarconfig" in options else PIXELS
    tifffile.imwrite(buffer := BytesIO(), pixels, photometric="rgb", metadata=None, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_a_window_of_an_open_file_reads_few_bytes(options: dict[str, Any]) -> None:
    data = tiff(**options)
    file = CountingFile(data)
    image = EncodedImage("x", data[:1000], file=file)  # type: ignore[arg-type]
    assert image.header.size == (256, 320)
    before = file.bytes_read
    part = image.decode_layers(0, Window(100, 90, 40, 50)).pixels
    assert (part == PIXELS[100:140, 90:140]).all()
    assert file.bytes_read - before < len(data) / 4


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_windows_in_any_order_are_parts_of_the_image(options: dict[str, Any]) -> None:
    image, random = EncodedImage("x", tiff(**options)), np.random.default_rng(0)
    for _ in range(12):
        top, left = (int(random.integers(0, side - 1)) for side in (256, 320))
        height, width = (int(random.integers(1, n + 1)) for n in (256 - top, 320 - left))
        part = image.decode_layers(0, Window(top, left, height, width)).pixels
        assert (part == PIXELS[top : top + height, left : left + width]).all()


def test_a_window_of_an_image_that_does_not_fit_in_memory_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, shape=(30_000, 20_000), dtype=np.uint16, tile=(256, 256))
    with path.open("r+b") as file, tifffile.TiffFile(path) as opened:
        page = opened.pages.first
        file.seek(page.dataoffsets[79 * 60 + 40])
        file.write(np.full((256, 256), 7, np.uint16).tobytes())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    image = EncodedImage.open_file(path, max_pixels=10**9)
    part = image.decode_layers(0, Window(60 * 256, 40 * 256, 300, 300)).pixels
    image.close()
    assert (part[:256, :256] == 7).all()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_impossible_sizes_of_blocks_are_refused_before_memory_is_allocated() -> None:
    for tag, value, reason in (
        (322, 2**20, "blocks of .* bytes"),
        (325, 0, "blocks are empty"),
        (325, 2**31, "truncated"),
        (324, 2**30, "truncated"),
    ):
        data = bytearray(tiff(tile=(256, 320), compression="zlib"))
        with tifffile.TiffFile(BytesIO(bytes(data))) as opened:
            entry = opened.pages.first.tags[tag]
        assert entry.count == 1
        data[entry.offset + 2 : entry.offset + 4] = (4).to_bytes(2, "little")
        data[entry.offset + 8 : entry.offset + 12] = value.to_bytes(4, "little")
        with pytest.raises(BadImage, match=reason):
            EncodedImage("x", bytes(data)).decode_layers()


def test_a_jpeg_larger_than_its_block_is_refused() -> None:
    data = bytearray(tiff(tile=(256, 320), compression="jpeg"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(BadImage, match="a block of 65535x65535 pixels"):
        EncodedImage("x", bytes(data)).decode_layers()
