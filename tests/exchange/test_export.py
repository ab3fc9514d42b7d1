"""Exported models: parity, metadata, and models that are refused before anything is written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
import torch

from translate import hookimpl
from translate.engine.inference.model import load
from translate.errors import ConfigError, SaveError
from translate.exchange.export import export_model
from translate.exporters import ExportedModel


class Shifting:
    """An exporter of files whose network returns other images."""

    suffix = ".shifted"

    def write(self, model: ExportedModel) -> bytes:
        return b"" if model.channels else b"none"

    def load(self, data: bytes) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda images: images + len(data) + 0.5


def test_a_program_of_torch_export_translates_images_of_other_sizes(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    differences = export_model(run, tmp_path / "model.pt2", to="summer")
    assert [size for size, _ in differences] == [(64, 64), (66, 68)]
    assert max(value for _, value in differences) < 1e-5
    weights = torch.export.load(tmp_path / "model.pt2").state_dict
    assert {key.split(".")[1] for key in weights} == {"target_to_source"}, "no other network"
    extra = {"translate.json": ""}
    program = torch.export.load(tmp_path / "model.pt2", extra_files=extra).module()
    images = torch.rand(3, 3, 14, 90) * 2 - 1
    model, _ = load(run, device="cpu")
    expected = model.recipe.translate(images, to="summer")
    torch.testing.assert_close(program(images), expected)
    facts = json.loads(extra["translate.json"])
    assert facts == {
        "recipe": "cyclegan",
        "step": 1,
        "checkpoint": model.digest,
        "source": {"name": "winter", "channels": 3, "range": [0.0, 255.0]},
        "target": {"name": "summer", "channels": 3, "range": [0.0, 255.0]},
        "tensors": {"layout": "NCHW", "range": [-1, 1]},
        "sides": {"multiple_of": 2, "minimum": 4},
        "scale": 1,
    }


def test_a_model_that_cannot_be_exported_is_refused_in_one_line(tmp_path: Path) -> None:
    run = small_checkpoints.pix2pix(tmp_path / "run")  # its dropout is seeded by the pixels
    with pytest.raises(ConfigError, match=r"by torch-export: .* Expected a recipe") as error:
        export_model(run, tmp_path / "model.pt2")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "model.pt2").exists()


def test_a_file_with_other_outputs_is_not_written(
    register_plugin: Callable[..., Any], tmp_path: Path
) -> None:
    class Plugin:
        @hookimpl
        def register_exporters(self) -> Any:
            return {"shifting": Shifting}

    register_plugin(Plugin())
    run = small_checkpoints.cyclegan(tmp_path / "run")
    with pytest.raises(ConfigError, match=r"outputs differ by .* expected at most 0.0001"):
        export_model(run, tmp_path / "model.shifted")
    assert not (tmp_path / "model.shifted").exists()


def test_other_suffixes_existing_files_and_bad_folders_are_refused(
    tmp_path: Path, register_plugin: Callable[..., Any]
) -> None:
    class Plugin:
        @hookimpl
        def register_exporters(self) -> Any:
            return {"same": Same}

    class Same(Shifting):
        suffix = ".same"

        def load(self, data: bytes) -> Callable[[torch.Tensor], torch.Tensor]:  # noqa: ARG002
            model, _ = load(run, device="cpu")
            return lambda images: model.recipe.translate(images, to="winter")

    register_plugin(Plugin())
    run = small_checkpoints.cyclegan(tmp_path / "run")
    with pytest.raises(ConfigError, match=r"no exporter writes .xyz. Expected .pt2 \(torch-export"):
        export_model(run, tmp_path / "model.xyz")
    (tmp_path / "model.same").write_text("mine")
    with pytest.raises(ConfigError, match="already exists: choose another name, or delete it"):
        export_model(run, tmp_path / "model.same")
    with pytest.raises(SaveError, match="could not write"):
        export_model(run, tmp_path / "model.same/model.same")
