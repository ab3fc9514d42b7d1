"""The start of `translate train`: checks, messages and the files of the run folder."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch

from translate.engine.config import layers
from translate.errors import ConfigError, SaveError


def test_a_run_folder_holds_the_documented_files(root: Path) -> None:
    config = small_runs.config(root, train__preview_every=2, train__ema=0.5)
    run = small_runs.train(config, root / "run").path
    actual = {str(p.relative_to(run)) for p in run.rglob("*") if p.is_file()}
    parts = ["weights.safetensors", "ema.safetensors", "training.safetensors"]
    parts += ["state.json", "MANIFEST.json"]
    assert actual == {
        "config.yaml",
        "run.json",
        "log.jsonl",
        "previews.json",
        "previews/step-00000002.png",
        "previews/step-00000004.png",
        *(f"checkpoints/step-{step:08d}/{name}" for step in (0, 4) for name in parts),
    }
    assert layers.resolve(config=str(run / "config.yaml")) == config


def test_a_new_run_reports_its_images_steps_and_device(root: Path) -> None:
    recorder = small_runs.ProgressRecorder()
    config = small_runs.config(root, train__steps=1, train__device="auto")
    small_runs.train(config, root / "run", recorder)
    where = "cpu, as no GPU was found" if not torch.cuda.is_available() else "cuda"
    assert recorder.lines[0].startswith(f"training cyclegan in {root / 'run'}: ")
    assert recorder.lines[0].endswith(f"crops of 16x16, 1 steps, on {where}")


@pytest.mark.parametrize(
    ("length", "steps"),
    [
        ({"train__epochs": 2}, 8),  # 4 images of the longer domain, one a step
        ({"train__epochs": 2, "train__batch_size": 3}, 3),
        ({"train__epochs": 1, "train__batch_size": 9}, 1),
        ({"train__steps": 5}, 5),
    ],
)
def test_epochs_are_counted_in_images_of_the_longer_domain(
    length: dict[str, Any], steps: int, root: Path
) -> None:
    config = small_runs.config(root, train__save_every=100, **length)
    assert small_runs.train(config, root / "run").step == steps


def test_a_run_without_steps_and_epochs_is_refused(root: Path) -> None:
    config = small_runs.config(root, train__steps=None, train__epochs=None)
    with pytest.raises(ConfigError, match=r"steps is not set: add --steps or --epochs."):
        small_runs.train(config, root / "run")
    assert not (root / "run").exists()


@pytest.mark.parametrize(
    ("recipe", "size", "message"),
    [
        ("cyclegan", 17, "data.size: cyclegan .* sides that divide by 2 .* not 17x17"),
        ("cyclegan", [16, 2], "at least 6, not 16x2"),
        ("pix2pix", 96, "divide by 64 and are at least 64, not 96x96"),
    ],
)
def test_T20_a_size_that_the_networks_cannot_take_is_refused_before_training(
    recipe: str, size: Any, message: str, root: Path
) -> None:
    images = small_runs.config(root, recipe, data__size=size, data__layout="unpaired")
    with pytest.raises(ConfigError, match=message):
        small_runs.train(images, root / "run")
    assert not (root / "run").exists()


def test_data_warnings_are_shown_before_the_first_step(root: Path) -> None:
    (root / "a/notes.txt").touch()
    recorder = small_runs.ProgressRecorder()
    config = small_runs.config(root, train__steps=1, train__log_every=1)
    small_runs.train(config, root / "run", recorder)
    line = f"skipped 1 file without an image suffix (1 .txt): {root / 'a/notes.txt'}"
    assert line in recorder.lines
    assert len(recorder.reports) == 1


def test_an_output_that_cannot_be_written_is_refused_before_training(root: Path) -> None:
    (root / "file").write_text("")
    with pytest.raises(SaveError, match=r"cannot write to .*file/run: Not a directory") as error:
        small_runs.train(small_runs.config(root), root / "file/run")
    assert error.value.exit_code == 2
