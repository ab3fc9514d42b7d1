"""Runs of imported weights: what is written, and what is refused before anything is written."""

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


def test_a_run_records_what_it_was_made_from(
    file: Path, tmp_path: Path, messages: list[str]
) -> None:
    options = {"crop_size": 64}
    path = import_weights(file, tmp_path / "run", domains=("photo", "monet"), options=options)
    assert path == tmp_path / "run/checkpoints/step-00000000"
    facts = json.loads((tmp_path / "run/run.json").read_text())
    assert (facts["importer"], facts["imported"]) == ("junyanz", {str(file): hash_file(file)})
    assert facts["options"] == {"crop_size": 64}
    assert "training crops had 64 pixels (option crop_size)" in facts["notes"]
    card = (tmp_path / "run/README.md").read_text()
    assert f"`latest_net_G.pth` | all | photo → monet | {file.stat().st_size:,} | " in card
    assert hash_file(file) in card
    assert "assumed: training crops had 64 pixels (option crop_size)" in messages
    assert any(line.startswith("untrained, because not in the file: ") for line in messages)
    assert not (path / "training.safetensors").exists()


def test_domains_have_the_names_that_were_given(file: Path, tmp_path: Path) -> None:
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


def test_an_imported_run_is_not_resumed(
    file: Path, tmp_path: Path, run_command: Callable[..., Any]
) -> None:
    import_weights(file, tmp_path / "run")
    resumed = run_command("train", "--resume", "run")
    assert resumed.code == 2
    assert len(resumed.err.splitlines()) == 1
    assert "or fine-tune the weights in a new run: translate train --init run" in resumed.err


def test_an_imported_run_is_trained_further(
    file: Path, tmp_path: Path, run_command: Callable[..., Any], image_folder: Callable[..., Path]
) -> None:
    image_folder("data/source/train"), image_folder("data/target/train")
    import_weights(file, tmp_path / "run")
    small = ["--set", "options.discriminator={name: patch, width: 4}", "--size", 32, "--steps", 1]
    trained = run_command("train", "--init", "run", "--data", "data", "--out", "new", *small)
    assert trained.code == 0, trained.err
    assert (tmp_path / "new/checkpoints/step-00000001").is_dir()


@pytest.mark.parametrize("kind", ["run", "file"])
def test_nothing_that_exists_is_written_over(file: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "run"
    if kind == "run":
        import_weights(file, out)
    else:
        out.write_text("mine")
    with pytest.raises(ConfigError, match="run already exists: choose another folder with --out"):
        import_weights(file, out)


def test_a_folder_that_cannot_be_written_to_is_reported(file: Path, tmp_path: Path) -> None:
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
    with pytest.raises(ConfigError, match=r"G.pth, 0 to 3 channels: data.channels: expected"):
        build(imported, tmp_path / "G.pth")


def test_a_network_that_the_file_could_never_fill_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "G.pth"
    file.write_bytes(bytes(1000))
    options = {"generator": {"name": "resnet", "width": 4096, "blocks": 9}}
    with pytest.raises(CheckpointError, match="is too small for the network that it names"):
        build(ImportedModel(recipe="cut", options=options, tensors={}), file)
