"""`infer`, a server, Ray's workers and `Translator` give equal outputs for equal inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
from encoded_arrays import read_array, write_array
from numpy.typing import NDArray
from PIL import ImageCms
from random_images import noise
from served_models import served_model

from translate.api import Translator
from translate.scale import Translate

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
OPTIONS: dict[str, dict[str, Any]] = {
    "photo.png": {},
    "gray.jpg": {},
    "alpha.png": {"to": "summer"},
    "deep.tif": {"size": 16, "scale_back": True},
    "deep-alpha.png": {"size": 24},
    "photo.webp": {"to": "summer", "size": 16},
}
"""options of the translation of each file"""


def pixels_of(name: str) -> NDArray[Any]:
    """Return random pixels; the name of the file determines channels and dtype."""
    channels = 1 if "gray" in name else 4 if "alpha" in name else 3
    dtype: Any = np.uint16 if "deep" in name else np.uint8
    pixels = noise(40, 28, channels, dtype=dtype)
    if channels == 4:
        pixels[:20, :, 3], pixels[20:24, :, 3] = np.iinfo(dtype).max, 0
    return pixels


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run")


@pytest.mark.parametrize("name", OPTIONS)
def test_a_file_has_equal_outputs_by_infer_server_ray_and_python(
    name: str, run: Path, tmp_path: Path
) -> None:
    source, options = tmp_path / name, OPTIONS[name]
    write_array(source, pixels_of(name), icc_profile=PROFILE)
    data, model = source.read_bytes(), Translator.load(run, device="cpu")
    assert model.folder(source, tmp_path / "out", **options).done == 1
    output = tmp_path / "out" / name
    by_server = served_model(run).translate({key: str(options[key]) for key in options}, data)
    (by_ray,) = Translate(run, device="cpu", **options)({"path": [name], "bytes": [data]})["bytes"]
    assert by_server.data == by_ray == output.read_bytes()
    array = model(read_array(source), **options)
    if output.suffix in (".png", ".tif"):  # without loss
        written = read_array(output)
        assert array.dtype == written.dtype and array.tobytes() == written.tobytes()
    if "deep" not in name:  # PIL has no images of 16 bits
        assert np.array_equal(np.asarray(model(data, **options)), array.squeeze())


def test_an_image_with_a_mask_has_equal_outputs_by_infer_server_ray_and_python(
    tmp_path: Path,
) -> None:
    options = {"generator": small_checkpoints.RESNET, "discriminator": small_checkpoints.PATCH}
    run = small_checkpoints.write_run(tmp_path / "run", "inpaint", options=options)
    source, mask = tmp_path / "x.png", tmp_path / "mask.png"
    hole = np.zeros((40, 28, 1), np.uint8)
    hole[8:20, 4:19] = 255
    write_array(source, pixels_of("x.png"))
    write_array(mask, hole)
    data, model = source.read_bytes(), Translator.load(run, device="cpu")
    assert model.folder(source, tmp_path / "out", mask=mask).done == 1
    output = tmp_path / "out/x.png"
    by_server = served_model(run).translate({}, data, mask.read_bytes())
    batch = {"path": ["x.png"], "bytes": [data], "mask": [str(mask)]}
    (by_ray,) = Translate(run, device="cpu")(batch)["bytes"]
    assert by_server.data == by_ray == output.read_bytes()
    array = model(pixels_of("x.png"), mask=hole)
    assert np.array_equal(array, read_array(output))
    assert np.array_equal(array[20:], pixels_of("x.png")[20:]), "known pixels are kept"
