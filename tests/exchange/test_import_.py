"""A run with imported weights has their origin; weights that do not fit are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import AuthorsResnet

from translate.engine.models.model import load
from translate.errors import CheckpointError, ConfigError, SaveError
from translate.exchange.import_ import build, import_weights
from translate.importers import ImportedModel
from translate.weights import hash_file

RESNET = {"name": "resnet", "width": 4, "blocks": 1, "downsamplings": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "latest_net_G.pth"
    torch.save(AuthorsResnet(4, 2).state_dict(), path)
    return path


def test_an_imported_run_records_its_files_options_and_assumptions(
    file: Path, tmp_path: Path, messages: list[str]
) -> None:
    options = {"crop_size": 64}
    path = import_weights(file, tmp_path / "run", domains=("photo", "monet"), options=options)
    assert path == tmp_path / "run/checkpoints/step-00000000"
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert (record["importer"], record["imported"]) == ("junyanz", {str(file): hash_file(file)})
    assert record["options"] == {"crop_size": 64}
    assert "training crops had 64 pixels (option crop_size)" in record["notes"]
    card = (tmp_path / "run/README.md").read_text()
    assert f"`latest_net_G.pth` | all | photo → monet | {file.stat().st_size:,} | " in card
    assert hash_file(file) in card
    assert "assumed: training crops had 64 pixels (option crop_size)" in messages
    assert any(line.startswith("untrained, because not in the file: ") for line in messages)
    assert not (path / "training.safetensors").exists()


def test_domains_have_the_given_names_which_must_be_names_of_two_folders(
    file: Path, tmp_path: Path
) -> None:
    import_weights(file, tmp_path / "run", domains=("photo", "monet"))
    model, _ = load(tmp_path / "run", device="cpu")
    assert model.spec.names == ("photo", "monet")
    for names, message in (
        (("photo", "photo"), "expected two names, got 'photo' twice"),
        (("a/b", "monet"), "expected the name of a folder, such as photo, got 'a/b'"),
        (("photo", ""), "got ''"),
        (("..", "monet"), "got '..'"),
    ):
        with pytest.raises(ConfigError, match=message):
            import_weights(file, tmp_path / "other", domains=names)
    assert not (tmp_path / "other").exists()


def test_an_imported_run_cannot_be_resumed_but_fine_tuned(
    file: Path, tmp_path: Path, run_command: Callable[..., Any], image_folder: Callable[..., Path]
) -> None:
    image_folder("data/source/train")
    image_folder("data/target/train")
    import_weights(file, tmp_path / "run")
    result = run_command("train", "--resume", "run")
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "or fine-tune the weights in a new run: translate train --init run" in result.err
    small = ["--set", "options.discriminator={name: patch, width: 4}", "--size", 32, "--steps", 1]
    result = run_command("train", "--init", "run", "--data", "data", "--out", "new", *small)
    assert result.code == 0, result.err
    assert (tmp_path / "new/checkpoints/step-00000001").is_dir()


def test_existing_runs_and_files_are_not_overwritten(file: Path, tmp_path: Path) -> None:
    import_weights(file, tmp_path / "run")
    (tmp_path / "file").touch()
    for out in (tmp_path / "run", tmp_path / "file"):
        with pytest.raises(ConfigError, match="already exists: choose another folder with --out"):
            import_weights(file, out)


def test_a_folder_that_cannot_be_written_to_is_an_error(file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="cannot write to"):
        import_weights(file, tmp_path / "file/run")


def test_tensors_that_do_not_fit_are_named(tmp_path: Path) -> None:
    file = tmp_path / "G.pth"
    file.write_bytes(bytes(1000))
    tensors = {"generator.model.1.weight": torch.zeros(4, 3, 5, 5), "other": torch.zeros(1)}
    imported = ImportedModel(
        recipe="cut", options={"generator": {**RESNET, "width": 4}}, tensors=tensors, size=(32, 32)
    )
    with pytest.raises(CheckpointError) as error:
        build(imported, file)
    assert "other is unknown" in str(error.value)
    assert "generator.model.1.bias is missing" in str(error.value)


def test_channels_that_images_cannot_have_are_refused(tmp_path: Path) -> None:
    imported = ImportedModel(recipe="cut", options={}, tensors={}, channels=(0, 3))
    with pytest.raises(
        ConfigError, match=r"\(0 input and 3 output channels\): data.channels: expected"
    ):
        build(imported, tmp_path / "G.pth")


def test_a_network_that_is_much_larger_than_the_file_is_not_created(tmp_path: Path) -> None:
    file = tmp_path / "G.pth"
    file.write_bytes(bytes(1000))
    options = {"generator": {"name": "resnet", "width": 4096, "blocks": 9}}
    with pytest.raises(CheckpointError, match="is too small for the network that it names"):
        build(ImportedModel(recipe="cut", options=options, tensors={}), file)
