"""Results of a served model equal those of `infer` and `sample`, in the type of the input."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import small_checkpoints
from encoded_arrays import write_array
from PIL import Image
from served_models import MAX_PIXELS, image_file, rejection, served_model
from small_exports import RECORD, InvertingExporter, invert
from small_exports import InvertingPlugin as ExporterPlugin

from translate.batches import Domain
from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import ModelState
from translate.engine.models.generation import SampleRequest, draw_sheet
from translate.engine.models.model import load
from translate.errors import ConfigError
from translate.formats import Header
from translate.images.encode import encode_image
from translate.images.source import EncodedImage
from translate.registry import names
from translate.serve.models.description import describe
from translate.serve.models.served_model import ServedModel
from translate.translator import Translator

SCANS = tuple(Domain(name, 1, (-1024.0, 3071.0), "int16") for name in ("mr", "ct"))


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    """Return a model of int16 values."""
    return served_model(
        small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "ct", kinds=SCANS)
    )


@pytest.mark.parametrize("name", ["x.tif", "x.npy", "x.npz"])
def test_a_scan_is_translated_in_its_own_type(
    name: str, scanner: ServedModel, tmp_path: Path
) -> None:
    values = np.arange(-1200, 1200, dtype=np.int16).reshape(40, 60)
    write_array(tmp_path / name, values)
    Translator.load(scanner.source, device="cpu").folder(tmp_path / name, tmp_path / "out")
    result = scanner.translate({}, (tmp_path / name).read_bytes(), previews=True)
    assert result.data == (tmp_path / "out" / name).read_bytes()
    assert EncodedImage("x", result.data).header.dtype == "int16"
    assert result.notes == ["7.3 % of mr below -1024: clipped"]
    preview = np.asarray(Image.open(BytesIO(result.previews["before"])))
    expected = np.rint((values.clip(-1024, 3071) + 1024) / 4095 * 255)
    assert preview.shape == (40, 60) and np.abs(preview - expected).max() <= 1
    assert Image.open(BytesIO(result.previews["after"])).size == (60, 40)


def test_an_image_of_many_bands_is_limited_by_its_number_of_values(cycle: ServedModel) -> None:
    header = Header(format="", size=(100, 100), channels=64)
    data = encode_image(np.zeros((100, 100, 64), np.uint8), ".tif", header)
    status, text = rejection(lambda: cycle.translate({}, data))
    assert status == 422 and "640,000 values: expected at most 4 channels of 10,000 pixels" in text
    assert EncodedImage("x", data, 1 << 40).suffix in (".tif", ".tiff")


def test_a_sample_of_int16_values_is_a_tiff_file_with_a_preview(tmp_path: Path) -> None:
    model = served_model(small_checkpoints.gan(tmp_path / "gan", kinds=SCANS[:1]))
    result = model.sample({"seed": "3"}, previews=True)
    assert (result.suffix, EncodedImage("x", result.data).header.dtype) == (".tif", "int16")
    assert Image.open(BytesIO(result.previews["after"])).size == (8, 8)
    assert not model.sample({"count": "2"}, previews=True).previews


def test_an_exported_file_is_served(
    register_plugin: Callable[..., object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    register_plugin(ExporterPlugin())
    monkeypatch.setattr(InvertingExporter, "network", staticmethod(invert))
    path = tmp_path / "model.inverting"
    path.write_text(json.dumps(RECORD.json()))
    model = served_model(path)
    description = describe(model.model, fixed_options=False)
    assert description["sample"] is None and description["translate"]["domains"] == ["winter"]
    assert [each["name"] for each in description["translate"]["parameters"]] == [
        *("to", "size", "scale_back", "format"),
    ]
    original, inverted = (
        np.asarray(Image.open(BytesIO(data)), int)
        for data in (image_file(), model.translate({}, image_file()).data)
    )
    assert np.abs(original + inverted - 255).max() <= 1
    status, text = rejection(lambda: model.sample({}))
    assert status == 400 and "exported model" in text
    with pytest.raises(ConfigError, match="leave --backend out"):
        ServedModel(str(path), "x", device="cpu", max_pixels=9, backend="inverter")


def test_an_image_of_a_format_that_cannot_be_written_becomes_png(cycle: ServedModel) -> None:
    result = cycle.translate({}, image_file("GIF"))
    assert (result.suffix, result.media_type) == (".png", "image/png")
    assert Image.open(BytesIO(result.data)).size == (40, 30)


def test_a_result_without_the_transparency_of_the_image_has_a_note(
    cycle: ServedModel, tmp_path: Path
) -> None:
    file = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    kept_result = cycle.translate({}, file.getvalue())
    assert (kept_result.notes, Image.open(BytesIO(kept_result.data)).mode) == ([], "RGBA")
    opaque_result = cycle.translate({"format": "jpg"}, file.getvalue())
    assert opaque_result.notes == ["transparency is composited over white"]
    assert (opaque_result.suffix, opaque_result.media_type) == (".jpg", "image/jpeg")
    (tmp_path / "x.png").write_bytes(file.getvalue())
    model = Translator.load(cycle.source, device="cpu")
    model.folder(tmp_path / "x.png", tmp_path / "out", format="jpg")
    assert opaque_result.data == (tmp_path / "out/x.jpg").read_bytes()
    assert cycle.translate({}, image_file()).notes == []


def test_an_empty_parameter_has_its_default(cycle: ServedModel) -> None:
    fields = {"to": "", "size": " ", "scale_back": "", "format": ""}
    assert cycle.translate(fields, image_file()).data == cycle.translate({}, image_file()).data


def test_options_of_the_recipe_are_parameters(shade: ServedModel) -> None:
    white = BytesIO()
    Image.new("RGB", (4, 4), "white").save(white, "PNG")
    result = shade.translate({"level": "0.2"}, white.getvalue())
    assert Image.open(BytesIO(result.data)).getpixel((0, 0)) == (153, 153, 153)  # 0.2 of [-1, 1]


def test_samples_equal_those_of_the_sample_command(tmp_path: Path) -> None:
    run = small_checkpoints.cgan(tmp_path / "cgan")
    model = served_model(run)
    one = model.sample({"label": "one", "seed": "3"})
    (expected,) = Translator.load(run, device="cpu").sample(1, label="one", seed=3)
    assert one.media_type == "image/png"
    assert np.array_equal(np.asarray(Image.open(BytesIO(one.data))), np.asarray(expected))
    several = np.asarray(Image.open(BytesIO(model.sample({"count": "5"}).data)))
    assert np.array_equal(several, draw_sheet(load(run, device="cpu")[0], SampleRequest(5)))
    for fields, message in (
        ({"count": "65"}, "count: expected less than or equal to 64"),
        ({"label": "four"}, "no class is called 'four'"),
        ({"text": "a lake"}, "was trained without captions"),
        ({"steps": "4"}, "there is no parameter 'steps'"),
    ):
        status, text = rejection(lambda f=fields: model.sample(f))
        assert status == 400 and message in text


def test_half_of_a_joined_image_is_translated(tmp_path: Path) -> None:
    sides = ("photo", "labels")
    run = small_checkpoints.pix2pix(tmp_path / "pairs", domains=sides, sides=sides)
    model = served_model(run)
    assert rejection(lambda: model.translate({}, image_file()))[0] == 400
    result = model.translate({"side": "photo"}, image_file())
    assert Image.open(BytesIO(result.data)).size == (20, 30)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(names("recipe")))
def test_every_recipe_is_served(name: str, tmp_path: Path) -> None:
    subject = make_subject(name, small_options("recipe", name), None, None)
    training = subject.build()
    write.save(tmp_path, ModelState(training.config, subject.spec, training.recipe, step=1))
    model = served_model(tmp_path, name)
    description = describe(model.model)
    translation, sampling = description["translate"], description["sample"]
    assert translation or sampling
    if translation:
        mask = image_file() if translation["mask"] else None
        result = model.translate({}, image_file(), mask)
        scale = translation["scale"]
        assert Image.open(BytesIO(result.data)).size == (40 * scale, 30 * scale)
    if sampling:
        result = model.sample({"text": "a lake"} if sampling["captions"] else {})
        assert Image.open(BytesIO(result.data)).size == tuple(description["size"])


def test_a_backend_translates_to_each_domain_and_takes_no_options(
    tmp_path: Path, register_plugin: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    register_plugin(ExporterPlugin())
    monkeypatch.setenv("TRANSLATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(InvertingExporter, "network", InvertingExporter.network)
    run = small_checkpoints.cyclegan(tmp_path / "run")
    model = ServedModel(str(run), "m", device="cpu", max_pixels=MAX_PIXELS, backend="inverter")
    assert len([*(tmp_path / "cache/models").iterdir()]) == 2, "one for each domain"
    for to in ("summer", "winter"):
        actual, expected = (
            np.asarray(Image.open(BytesIO(m.translate({"to": to}, image_file()).data)), int)
            for m in (model, served_model(run))
        )
        assert np.abs(actual - expected).max() <= 1
