"""A file in memory is translated to what `translate infer` writes for it."""

from pathlib import Path

import numpy as np
import pytest
from encoded_arrays import write_array
from hole_filling import FILLER, translate_images
from identity_models import identity_model

from translate.batches import Domain
from translate.engine.inference.file_translator import FileTranslator
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.errors import BadImage, ConfigError
from translate.images.source import EncodedImage


def translator(model: Model) -> FileTranslator:
    return FileTranslator(ImageProcessor(model, model.choose_target(None)), InferenceOptions())


@pytest.mark.parametrize(
    ("name", "channels", "domain"),
    [
        ("x.tif", 1, Domain("ct", 1, (-1024.0, 3071.0), "int16")),
        ("x.npy", 5, Domain("bands", 5, (-1024.0, 3071.0), "int16")),
        ("x.tif", 5, Domain("bands", 5, (0.0, 4095.0), "uint16")),
        ("x.tif", 3, Domain("hdr", 3, (0.0, 100.0), "float32")),
        ("x.png", 4, Domain("photo")),
    ],
)
def test_a_file_in_memory_becomes_the_file_that_translate_infer_writes(
    name: str, channels: int, domain: Domain, tmp_path: Path
) -> None:
    numbers = np.arange(24 * 20 * channels).reshape(24, 20, channels) % 100
    write_array(tmp_path / name, numbers.astype(domain.dtype))
    model = identity_model(domain)
    translate_images(tmp_path / name, tmp_path / "out", model)
    content = (tmp_path / name).read_bytes()
    result = translator(model).translate(EncodedImage("the image", content))
    assert result.data == (tmp_path / "out" / name).read_bytes()
    assert result.suffix in (name[1:], name[1:] + "f") and result.notes == ()
    assert np.allclose(result.before, result.after, atol=1e-5)


def test_images_and_masks_that_the_model_cannot_take_are_refused(tmp_path: Path) -> None:
    write_array(tmp_path / "x.png", np.zeros((8, 8, 3), np.uint8))
    image = EncodedImage.open(tmp_path / "x.png")
    scans = translator(identity_model(Domain("ct", 1, (-1024.0, 3071.0), "int16")))
    with pytest.raises(BadImage, match="its pixel values are uint8, and those of ct are int16"):
        scans.translate(image)
    with pytest.raises(ConfigError, match="mask: identity does not inpaint: leave the mask out"):
        translator(identity_model(Domain("photo"))).translate(image, image)
    with pytest.raises(BadImage, match="has no hole"):
        translator(FILLER).translate(image)
