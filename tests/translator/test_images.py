"""A `Translator` returns images for paths, bytes and images; domains, sides, sizes, folders."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
from PIL import Image
from random_images import noise
from small_outputs import sample_images

from translate.api import Translator
from translate.engine.models.generation import SampleRequest
from translate.errors import BadImage, ConfigError, DataError, NothingUsableError, TranslateError
from translate.images.source import read_image


def test_a_path_and_an_image_give_an_image(translator: Translator, tmp_path: Path) -> None:
    pixels = noise(9, 13, 3)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    by_path = translator(tmp_path / "photo.png")
    assert isinstance(by_path, Image.Image) and (by_path.size, by_path.mode) == ((13, 9), "RGB")
    for same in (str(tmp_path / "photo.png"), Image.fromarray(pixels)):
        assert np.asarray(translator(same)).tolist() == np.asarray(by_path).tolist()
    assert translator(pixels).tolist() == np.asarray(by_path).tolist()


def test_D24_a_model_of_side_by_side_images_needs_a_side(tmp_path: Path) -> None:
    run = small_checkpoints.pix2pix(
        tmp_path / "run", domains=("labels", "photo"), sides=("photo", "labels")
    )
    side_by_side, pixels = Translator.load(run, device="cpu"), noise(8, 16, 3)
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in/x.png")
    with pytest.raises(ConfigError, match=r"--side labels to translate that half"):
        side_by_side(pixels)
    with pytest.raises(ConfigError, match=r"--side labels to translate that half"):
        side_by_side.folder(tmp_path / "in", tmp_path / "out")
    right = side_by_side(pixels, side="labels")
    assert right.tolist() == side_by_side(pixels[:, 8:], side="whole").tolist()
    assert side_by_side(pixels, side="whole").shape == (8, 16, 3)
    with pytest.raises(DataError, match="one pixel wide"):
        side_by_side(pixels[:, :1], side="labels")


def test_every_mode_of_an_image_is_translated(translator: Translator) -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"):
        output = translator(Image.new(mode, (6, 5)))
        expected = "RGBA" if mode in ("LA", "RGBA") else "RGB"
        assert (output.size, output.mode) == ((6, 5), expected), mode


def test_the_target_domain_can_be_selected(translator: Translator) -> None:
    pixels = noise(8, 8, 3)
    assert translator.domains == ("summer", "winter")
    assert translator(pixels).tolist() == translator(pixels, to="winter").tolist()
    assert translator(pixels).tolist() != translator(pixels, to="summer").tolist()
    with pytest.raises(ConfigError, match=r"does not translate to 'rain'\. Choose from: s"):
        translator(pixels, to="rain")


def test_the_shorter_side_can_be_set(translator: Translator) -> None:
    assert translator(noise(20, 30, 3), size=10).shape == (10, 15, 3)


def test_a_translation_that_is_not_finite_is_an_error(tmp_path: Path) -> None:
    translator = Translator.load(small_checkpoints.cyclegan(tmp_path / "run"), device="cpu")
    translator._model.recipe.get_parameter("source_to_target.model.1.weight").fill_(float("nan"))
    with pytest.raises(TranslateError, match="not finite"):
        translator(noise(8, 8, 3))


def test_an_older_checkpoint_is_used_with_a_warning(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    (run / "checkpoints/step-00000002").mkdir()
    with pytest.warns(UserWarning, match="older checkpoint"):
        assert Translator.load(run, device="cpu").domains


def test_a_folder_gives_the_same_pixels_as_single_images(
    translator: Translator, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = image_folder("photos", 2)
    summary = translator.folder(source, str(tmp_path / "out"), to="summer", batch_size=2)
    assert (summary.requested, summary.done) == (2, 2)
    for path in source.iterdir():
        output = np.asarray(Image.open(tmp_path / "out" / path.name)).astype(int)
        assert abs(output - np.asarray(translator(path, to="summer"))).max() <= 1
    assert translator.folder(source, tmp_path / "out", to="summer").skipped == 2
    with pytest.raises(NothingUsableError):
        translator.folder(tmp_path / "photos/*.gif", tmp_path / "out")


def test_samples_equal_those_of_the_command(tmp_path: Path) -> None:
    translator = Translator.load(small_checkpoints.cgan(tmp_path / "run"))
    samples = translator.sample(5, label="two", seed=3)
    assert [(image.size, image.mode) for image in samples] == [((8, 8), "L")] * 5
    sample_images(translator._model, tmp_path / "out", SampleRequest(5, "two", seed=3))
    files = [read_image(path, channels=1) for path in sorted((tmp_path / "out").glob("*.png"))]
    for sample, pixels in zip(samples, files, strict=True):
        assert (np.asarray(sample) == pixels[..., 0]).all()
    with pytest.raises(ConfigError, match="no class is called 'three'"):
        translator.sample(label="three")


def test_bytes_and_open_files_are_read_like_paths(translator: Translator, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(noise(9, 13, 3)).save(path)
    expected = np.asarray(translator(path))
    with path.open("rb") as file:
        opened = translator(file)
    for same in (opened, translator(path.read_bytes()), translator(BytesIO(path.read_bytes()))):
        assert isinstance(same, Image.Image) and (np.asarray(same) == expected).all()
    with path.open("rb") as file:
        assert file.seek(0, 2)  # the position after writing
        assert (np.asarray(translator(file)) == expected).all()
    with path.open("r") as text, pytest.raises(DataError, match=r"is open as text.*mode 'rb'"):
        translator(text)  # type: ignore[call-overload]
    with pytest.raises(BadImage, match="the bytes: is empty"):
        translator(b"")
    with pytest.raises(BadImage, match="no image of a known format"):
        translator(b"<html>")
    with pytest.raises(DataError, match="got int: expected a path, bytes, an open file"):
        translator(7)  # type: ignore[call-overload]


def test_the_repr_names_recipe_domains_channels_size_step_and_device(
    translator: Translator, gray_translator: Translator
) -> None:
    assert repr(translator).startswith("<Translator '") and repr(translator).endswith(
        ": recipe='cyclegan', domains=('summer', 'winter'), channels=(3, 3), size=(32, 32), "
        "step=1, device='cpu'>"
    )
    assert "channels=(3, 1)" in repr(gray_translator)


def test_sizes_may_be_numpy_integers_and_domains_are_text(translator: Translator) -> None:
    pixels = noise(9, 13, 3)
    assert (translator(pixels, size=np.int64(20)) == translator(pixels, size=20)).all()
    for to in (3, Path("winter")):
        with pytest.raises(ConfigError, match="to: expected text, got"):
            translator(pixels, to=to)  # type: ignore[call-overload]


@pytest.mark.parametrize("size", [0, -3, 2.5, "wide"])
def test_an_invalid_size_is_refused(translator: Translator, size: Any) -> None:
    with pytest.raises(ConfigError, match=r"size: expected (a number of pixels from 1|int), got"):
        translator(noise(9, 13, 3), size=size)
