"""Images of every dtype and range are trained on, translated and evaluated with their values."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_runs
from encoded_arrays import read_array, write_array
from hole_filling import translate_images
from identity_models import identity_model

from translate.api import Translator
from translate.batches import FULL_RANGES, Domain
from translate.engine.checkpoints import read, retention
from translate.errors import ConfigError, TrainingError
from translate.images.source import EncodedImage

RANDOM = np.random.default_rng(0)
SCANS = {"data__domains": ["mr", "ct"], "data__layout": "paired", "data__size": 64}
HOUNSFIELD = {"data__range": {"ct": [-1024, 3071]}, "data__units": {"ct": "HU"}}


def scan(low: int, high: int, dtype: str) -> Any:
    """Return smooth values (H, W) from `low` to `high`."""
    rows = np.linspace(0, 1, 64)[:, None] * np.linspace(RANDOM.random(), 1, 64)[None]
    return (low + rows * (high - low)).astype(dtype)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Return a folder of pairs: uint16 from 0 to 900, and int16 from -1024 to 3071."""
    for number in range(3):
        for split in ("train", "test"):
            write_array(tmp_path / f"scans/mr/{split}/{number}.npy", scan(0, 900, "uint16"))
            write_array(tmp_path / f"scans/ct/{split}/{number}.tif", scan(-1024, 3071, "int16"))
    return tmp_path / "scans"


def test_a_model_of_scans_is_trained_translates_and_is_measured_in_their_unit(
    scans: Path, tmp_path: Path, run_command: Callable[..., Any]
) -> None:
    ranges = {**HOUNSFIELD, "data__range": {"ct": [-1024, 3071], "mr": [0, 1000]}}
    config = small_runs.config(scans, "pix2pix", **SCANS, **ranges)
    small_runs.train(config, tmp_path / "run")
    path, _ = retention.newest_checkpoint(tmp_path / "run")
    assert read.read_checkpoint(path).spec.domains == (
        Domain("mr", 1, (0, 1000), "uint16"), Domain("ct", 1, (-1024, 3071), "int16", "HU"),
    )  # fmt: skip
    done = run_command("infer", tmp_path / "run", scans / "mr/test", tmp_path / "out")
    assert done.code == 0, done.err
    result = read_array(tmp_path / "out/0.npy")
    assert (result.dtype, result.shape) == (np.int16, (64, 64, 1))
    assert -1024 <= result.min() < result.max() <= 3071
    by_python = Translator.load(tmp_path / "run")(read_array(scans / "mr/test/0.npy"))
    assert (by_python == result).all()
    measured = run_command("evaluate", tmp_path / "run", "--metric", "mae", "--format", "json")
    mae = json.loads(measured.out)["values"]["mae"]
    truth = read_array(scans / "ct/test/0.tif").astype(float)
    assert mae["unit"] == "HU"
    assert 10 < mae["value"] < 4095
    assert abs(np.abs(truth - result).mean() - mae["value"]) < 2000


def test_a_resume_with_images_of_another_dtype_is_refused(scans: Path, tmp_path: Path) -> None:
    small_runs.train(small_runs.config(scans, "pix2pix", **SCANS, **HOUNSFIELD), tmp_path / "run")
    for path in (scans / "mr/train").iterdir():
        write_array(path, read_array(path).astype(np.int16))
    with pytest.raises(TrainingError, match="pixel values are int16, and those of mr are uint16"):
        small_runs.resume(tmp_path / "run", steps=6)


@pytest.mark.parametrize(
    ("key", "value"),
    [("range", {"ct": [-1000, 1000]}), ("units", {"ct": "GU"}), ("bands", {"ct": [1]})],
)
def test_a_resume_with_another_range_unit_or_bands_is_refused(
    scans: Path, tmp_path: Path, key: str, value: Any
) -> None:
    config = small_runs.config(scans, "pix2pix", **SCANS, **HOUNSFIELD, train__steps=1)
    small_runs.train(config, tmp_path / "run")
    with pytest.raises(ConfigError, match=rf"data\.{key}.*would be another run"):
        small_runs.resume(
            tmp_path / "run", steps=6, assignments=[f"data.{key}={json.dumps(value)}"]
        )


def random_values(dtype: str, *shape: int) -> Any:
    """Return random values over the whole range of a dtype."""
    low, high = FULL_RANGES[dtype]
    if dtype == "float32":
        return RANDOM.integers(0, 4097, shape).astype(np.float32) / 4096
    return RANDOM.integers(int(low), int(high) + 1, shape).astype(dtype)


@pytest.mark.parametrize(
    ("name", "dtype", "channels"),
    [
        ("a.tif", "uint16", 1), ("a.tif", "uint16", 3), ("a.tif", "int16", 1),
        ("a.tif", "float32", 1), ("a.tif", "uint16", 5), ("a.tif", "uint8", 64),
        ("a.npy", "int16", 2), ("a.npy", "float32", 5), ("a.npz", "uint16", 1),
        ("a.png", "uint16", 3), ("a.png", "uint8", 4), ("a.png", "uint16", 2),
    ],
)  # fmt: skip
def test_a_recipe_that_returns_its_input_writes_equal_values(
    tmp_path: Path, name: str, dtype: str, channels: int
) -> None:
    pixels = random_values(dtype, 9, 11, channels)
    has_alpha = name == "a.png" and channels in (2, 4)
    if has_alpha:
        pixels[..., -1] |= 1  # fully transparent pixels have no colour
    write_array(tmp_path / "in" / name, pixels)
    domain = Domain("a") if has_alpha else Domain("a", channels, FULL_RANGES[dtype], dtype)
    model = identity_model(domain)
    result = translate_images(tmp_path / "in", tmp_path / "out", model)
    assert (result.done, result.listed) == (1, 0), (tmp_path / "out/problems.jsonl").read_text()
    output = read_array(tmp_path / "out" / name)
    assert output.dtype == pixels.dtype
    if channels == 2 and has_alpha:  # outputs are in colour
        pixels = pixels[..., [0, 0, 0, 1]]
    assert (output == pixels).all()


@pytest.mark.parametrize("big_endian", [False, True])
def test_a_tiff_keeps_its_layout_and_tags(tmp_path: Path, big_endian: bool) -> None:
    tifffile = pytest.importorskip("tifffile")
    path = tmp_path / "in/field.tif"
    path.parent.mkdir()
    scale = (33550, "d", 3, (10.0, 10.0, 0.0), True)  # ModelPixelScale of a GeoTIFF
    tifffile.imwrite(
        path, random_values("uint16", 64, 48, 5), photometric="minisblack", planarconfig="contig",
        compression="zlib", tile=(16, 16), byteorder=">" if big_endian else "<", extratags=[scale],
    )  # fmt: skip
    domain = Domain("field", 5, (0, 65535), "uint16")
    translate_images(path.parent, tmp_path / "out", identity_model(domain))
    with tifffile.TiffFile(path) as one, tifffile.TiffFile(tmp_path / "out/field.tif") as other:
        assert (one.asarray() == other.asarray()).all()
        assert one.byteorder == other.byteorder
        for name in ("Compression", "TileWidth", "ModelPixelScaleTag", "SamplesPerPixel"):
            assert one.pages[0].tags[name].value == other.pages[0].tags[name].value


def test_an_infrared_band_is_not_read_as_alpha(tmp_path: Path) -> None:
    pixels = random_values("uint16", 8, 8, 4)
    write_array(tmp_path / "in/rgb_nir.tif", pixels)
    header = EncodedImage.open(tmp_path / "in/rgb_nir.tif").header
    assert (header.channels, header.alpha) == (4, False)
    translate_images(tmp_path / "in", tmp_path / "out", identity_model(Domain("photo")))
    assert (read_array(tmp_path / "out/rgb_nir.tif") == pixels[..., :3]).all()
    listed = (tmp_path / "out/problems.jsonl").read_text()
    assert "has 4 bands: the first three are read" in listed


CASES = Path("/work/shared/cases")


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
@pytest.mark.parametrize(
    "name",
    [
        "01-infrared-as-alpha/in/rgb_nir_8.tif", "01-infrared-as-alpha/in/rgb_nir_16.tif",
        "03-signed-and-wide-numbers/in/slice1_i16.tif", "03-signed-and-wide-numbers/in/i8.tif",
        *(str(path.relative_to(CASES)) for path in CASES.glob("05-*/in/*.tif")),
    ],
)  # fmt: skip
def test_shared_files_of_difficult_cases_are_translated_with_their_own_values(
    name: str, tmp_path: Path
) -> None:
    path = CASES / name
    header = EncodedImage.open(path).header
    channels = header.channels - header.alpha
    model = identity_model(Domain("a", channels, FULL_RANGES[header.dtype], header.dtype))
    assert translate_images(path, tmp_path, model).done == 1
    output, pixels = read_array(tmp_path / path.name), read_array(path)
    assert output.dtype == pixels.dtype
    tolerance = 2**-23 if pixels.dtype == np.float32 else 0
    np.testing.assert_allclose(output, pixels, rtol=0, atol=tolerance)
