"""An exported file translates in tiles what it translates as a whole, or says why it cannot."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_exports import RECORD, InvertingExporter

from translate.engine.exports.torch_free.file_model import FileModel, file_model
from translate.engine.exports.torch_free.file_tiles import FileTiler
from translate.engine.models.tile_options import StoppedError, TileOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.errors import ConfigError

PIXELS = np.random.default_rng(0).integers(0, 256, (70, 91, 3), np.uint8)


def blur(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each pixel and those around it, so that the halo is 1."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), "reflect")
    height, width = images.shape[2:]
    parts = [padded[:, :, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.mean(parts, axis=0, dtype=np.float32)


def model(monkeypatch: pytest.MonkeyPatch, *, halo: int | None = 1, **changes: object) -> FileModel:
    monkeypatch.setattr(InvertingExporter, "network", staticmethod(blur))
    geometry = {"multiple_of": 4, "minimum": 8, "halo": halo}
    record = RECORD.json() | {"geometry": geometry, "bytes_per_pixel": 100} | changes
    return file_model("x.inverting", InvertingExporter(), json.dumps(record).encode(), digest="d")


def tiler(model: FileModel, tile: int | None = None, memory: int | None = None) -> FileTiler:
    tiled_model = model.tiler("winter", {}, None, TileOptions(tile, memory, Path("/nowhere")))
    assert tiled_model is not None
    return tiled_model


@pytest.mark.parametrize("limits", [(16, None), (None, 200_000), (None, 1_500_000)])
def test_pixels_in_tiles_are_those_of_the_whole_image(
    limits: tuple[int | None, int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiled_model = model(monkeypatch)
    (whole,) = tiled_model.translate([PIXELS], "winter")
    processor = ImageProcessor(tiled_model, "winter", limits=TileOptions(*limits, Path("/nowhere")))
    (tiles,) = processor.translate([PIXELS])
    assert np.array_equal(whole, tiles)


def test_images_beyond_the_memory_get_tiles_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    tiled_model = model(monkeypatch)
    assert tiler(tiled_model, tile=512).needs_tiles((8, 8))
    assert not tiler(tiled_model).needs_tiles((70, 91))
    limited = tiler(tiled_model, memory=10_000_000)  # a pixel takes 200 bytes
    assert limited.needs_tiles((300, 300)) and not limited.needs_tiles((200, 200))
    assert limited._tile == 128
    assert tiler(model(monkeypatch, halo=40), memory=1_000_000)._tile == 160, "4 halos at least"
    unknown = model(monkeypatch, bytes_per_pixel=0)
    assert tiler(unknown, memory=1 << 40).needs_tiles((8, 8))
    assert not tiler(unknown).needs_tiles((9999, 9999))


def test_an_interruption_between_tiles_ends_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = TileOptions(16, None, Path("/nowhere"), stop=lambda: True)
    processor = ImageProcessor(model(monkeypatch), "winter", limits=limits)
    with pytest.raises(StoppedError):
        processor.translate([PIXELS])


@pytest.mark.parametrize("option", ["tile", "memory"])
def test_tiles_of_a_file_need_a_halo(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tiled_model = model(monkeypatch, halo=None, whole_image="its norms use the mean")
    values = {"tile": None, "memory": None, option: 1 << 20}
    message = f"^{option}: x.inverting translates images whole, as its"
    with pytest.raises(ConfigError, match=message):
        tiled_model.tiler("winter", {}, None, TileOptions(**values, folder=Path()))
    assert tiled_model.tiler("winter", {}, None, TileOptions(None, None, Path())) is None
    older = FileModel("x", "", tiled_model.spec, record=RECORD, network=blur)
    with pytest.raises(ConfigError, match="as it was exported by an older version: leave --tile"):
        older.tiler("winter", {}, None, TileOptions(64, None, Path()))
