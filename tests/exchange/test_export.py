"""Exported files of each kind have the outputs of their run, also for images of other sizes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import small_checkpoints
import torch
from PIL import Image
from small_exports import InvertingExporter, InvertingPlugin
from subprocesses import run_python

from translate.api import Translator
from translate.engine.exports.loading import load_generator
from translate.engine.exports.torch_free.record import parse_record
from translate.engine.models.generation import SampleRequest, draw_images
from translate.errors import ConfigError, SaveError
from translate.exchange.export import export_model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkpoints.cyclegan(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def model_file(run: Path) -> Path:
    """Return the run's model as an ONNX file."""
    export_model(run, run.parent / "model.onnx")
    return run.parent / "model.onnx"


@pytest.mark.slow
def test_an_onnx_file_of_a_conditional_generator_draws_what_its_run_draws(tmp_path: Path) -> None:
    run, file = small_checkpoints.cgan(tmp_path / "run"), tmp_path / "model.onnx"
    export_model(run, file)
    graph = onnx.load(file).graph
    assert [each.name for each in graph.input] == ["latents", "condition"]
    assert onnx_shape(graph.output[0]) == ["images", 1, 8, 8]
    of_run, of_file = (
        np.stack([*draw_images(load_generator(path, "cpu")[0], SampleRequest(5, seed=3))])
        for path in (run, file)
    )
    assert np.abs(of_run.astype(int) - of_file).max() <= 1


def onnx_shape(value: onnx.ValueInfoProto) -> list[str | int]:
    """Return the dimensions of an input or output of an ONNX file: names or numbers."""
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_an_onnx_file_names_its_dimensions_and_its_recipe(run: Path, model_file: Path) -> None:
    model = onnx.load(model_file)
    assert onnx_shape(model.graph.input[0]) == ["images", 3, "height", "width"]
    assert onnx_shape(model.graph.output[0]) == ["images", 3, "height", "width"]
    assert model.opset_import[0].version >= 18
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    record = parse_record(json.loads(metadata["translate"]))
    assert (record.recipe, record.target.name, record.size) == ("cyclegan", "winter", (32, 32))
    assert record.target.range == (0, 255)
    assert "translate-kit" in record.tool and str(run) not in metadata["translate"]


def test_an_onnx_file_gives_the_images_of_the_run_without_pytorch(
    run: Path, model_file: Path, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    command = (
        "import sys; from translate.__main__ import main; sys.argv[1:] = "
        f"['infer', {str(model_file)!r}, 'in.png', 'out', '--quiet']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch', 'onnx', 'onnxscript', 'openvino', 'albumentations', 'torchvision', "
        "'fastapi'}\nsys.exit(' '.join(heavy & {*sys.modules}) or 0)"
    )
    run_python(command, cwd=tmp_path)
    Translator.load(run).folder(tmp_path / "in.png", tmp_path / "expected")
    actual, expected = (
        np.asarray(Image.open(tmp_path / folder / "in.png")) for folder in ("out", "expected")
    )
    assert actual.shape == (33, 47, 3)
    assert np.abs(actual.astype(int) - expected).max() <= 1


def test_an_onnx_file_gives_the_images_of_the_run_in_python(run: Path, model_file: Path) -> None:
    image = np.random.default_rng(1).random((20, 30, 3)).astype(np.float32)
    actual, expected = (Translator.load(path)(image) for path in (model_file, run))
    assert np.abs(actual - expected).max() < 1e-5
    with pytest.raises(ConfigError, match="is an exported model, which can only translate"):
        Translator.load(model_file).sample(1)


def test_a_file_of_torch_export_translates_images_of_other_sizes(run: Path, tmp_path: Path) -> None:
    result = export_model(run, tmp_path / "model.pt2", to="summer")
    assert [size for size, _ in result.differences] == [(64, 64), (66, 68), (70, 64)]
    assert max(value for _, value in result.differences) < 1e-5
    program = torch.export.load(tmp_path / "model.pt2").module()
    assert program(torch.zeros(3, 3, 14, 90)).shape == (3, 3, 14, 90)
    assert Translator.load(tmp_path / "model.pt2").domains == ("summer",)


def test_a_folder_for_openvino_gives_the_images_of_the_run(run: Path, tmp_path: Path) -> None:
    export_model(run, tmp_path / "model_openvino")
    files = {path.name for path in (tmp_path / "model_openvino").iterdir()}
    assert files == {"model.xml", "model.bin"}
    image = np.random.default_rng(1).integers(0, 256, (21, 30, 3), np.uint8)
    actual, expected = (Translator.load(p)(image) for p in (tmp_path / "model_openvino", run))
    assert np.abs(actual.astype(int) - expected).max() <= 1


@pytest.mark.slow
def test_seeded_dropout_is_refused_with_the_option_that_exports(tmp_path: Path) -> None:
    generator = {"name": "unet", "width": 2, "levels": 6}  # inner levels have dropout
    options = {"generator": generator, "discriminator": small_checkpoints.PATCH}
    run = small_checkpoints.write_run(tmp_path / "run", "pix2pix", options=options, size=64)
    with pytest.raises(ConfigError, match=r"seeded by the pixels.* --set dropout=false") as error:
        export_model(run, tmp_path / "model.onnx")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "model.onnx").exists()
    result = export_model(run, tmp_path / "model.onnx", options={"dropout": False})
    assert result.options == {"dropout": False}
    image = np.random.default_rng(1).integers(0, 256, (32, 40, 3), np.uint8)
    expected = Translator.load(run)(image, dropout=False)
    actual = Translator.load(tmp_path / "model.onnx")(image)
    assert np.abs(actual.astype(int) - expected).max() <= 1


def test_other_suffixes_existing_files_and_unwritable_folders_are_refused(
    run: Path,
    tmp_path: Path,
    register_plugin: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register_plugin(InvertingPlugin())
    monkeypatch.setattr(InvertingExporter, "network", InvertingExporter.network)  # restored later
    with pytest.raises(ConfigError, match=r"no exporter writes .xyz. Expected a name that ends"):
        export_model(run, tmp_path / "model.xyz")
    (tmp_path / "model.inverting").write_text("mine")
    with pytest.raises(ConfigError, match="already exists: choose another name, or delete it"):
        export_model(run, tmp_path / "model.inverting")
    with pytest.raises(SaveError, match="could not write"):
        export_model(run, tmp_path / "model.inverting/model.inverting")
    with pytest.raises(ConfigError, match="is not the file that npm published"):
        export_model(run, tmp_path / "page", web=True, runtime=tmp_path / "model.inverting")
