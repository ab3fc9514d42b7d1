"""What is made before the loop begins: folders of runs, sizes, lengths, and equal beginnings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch

from translate.engine.checkpoints import read, retention
from translate.engine.config import layers
from translate.engine.inference import model as infer
from translate.engine.training import train
from translate.errors import ConfigError, DataError, SaveError
from translate.progress import ProgressReporter

CPU = torch.device("cpu")


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    image_folder("a", 4), image_folder("b", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_folders_are_named_after_what_they_hold_and_numbered(root: Path) -> None:
    asked = small_runs.config(root, train__steps=1)
    paths = [train.start(asked, progress=ProgressReporter()).path for _ in range(3)]
    assert [str(path) for path in paths] == [
        "runs/cyclegan-a-b",
        "runs/cyclegan-a-b-2",
        "runs/cyclegan-a-b-3",
    ]
    asked = small_runs.config(root, train__steps=1, data__domains=[str(root / "a"), "b"])
    assert str(train.start(asked, progress=ProgressReporter()).path) == "runs/cyclegan-a-b-4"


def test_domains_are_named_by_the_last_part_of_their_paths(
    root: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("photos/my horses/train", 2)
    paths = ["photos/my horses", str(root / "a")]
    asked = small_runs.config(root, train__steps=1, data__domains=paths)
    run = train.start(asked, progress=ProgressReporter()).path
    assert str(run) == "runs/cyclegan-my horses-a"
    found = read.read_checkpoint(retention.newest_checkpoint(run)[0])
    assert found.spec.names == ("my horses", "a")
    assert list(found.config.data.domains) == paths
    model, _ = infer.load(run, device="cpu")
    assert model.choose("photos/my horses") == model.choose("my horses") == "my horses"
    assert small_runs.resume(run, steps=2).step == 2


def test_a_folder_that_is_there_but_holds_no_run_may_become_one(root: Path) -> None:
    (root / "run").mkdir()
    (root / "run/notes.txt").write_text("mine")
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    assert (root / "run/notes.txt").read_text() == "mine"
    assert small_runs.checkpoint_steps(root / "run") == [0, 1]


def test_a_run_folder_holds_what_the_interface_says(root: Path) -> None:
    asked = small_runs.config(root, train__preview_every=2, train__ema=0.5)
    run = small_runs.train(asked, root / "run").path
    found = {str(p.relative_to(run)) for p in run.rglob("*") if p.is_file()}
    inside = [
        "weights.safetensors",
        "ema.safetensors",
        "training.safetensors",
        "state.json",
        "MANIFEST.json",
    ]
    assert found == {
        "config.yaml",
        "run.json",
        "log.jsonl",
        "previews/step-00000002.png",
        "previews/step-00000004.png",
        *(f"checkpoints/step-{step:08d}/{name}" for step in (0, 4) for name in inside),
    }
    assert layers.resolve(config=str(run / "config.yaml")) == asked


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"train__epochs": 2}, 8),  # 4 images of the longer domain, one a step
        ({"train__epochs": 2, "train__batch_size": 3}, 3),
        ({"train__epochs": 1, "train__batch_size": 9}, 1),
        ({"train__steps": 5}, 5),
    ],
)
def test_epochs_are_counted_in_images_of_the_longer_domain(
    flags: dict[str, Any], expected: int, root: Path
) -> None:
    result = small_runs.train(
        small_runs.config(root, **{"train__save_every": 100, **flags}), root / "run"
    )
    assert result.step == expected


def test_no_length_is_asked_for(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"how long\? Set --steps or --epochs."):
        small_runs.train(
            small_runs.config(root, train__steps=None, train__epochs=None), root / "run"
        )
    assert not (root / "run").exists()


@pytest.mark.parametrize(
    ("recipe", "size", "said"),
    [
        ("cyclegan", 17, "data.size: cyclegan .* sides that divide by 2 .* not 17x17"),
        ("cyclegan", [16, 2], "at least 6, not 16x2"),
        ("pix2pix", 96, "divide by 64 and are at least 64, not 96x96"),
    ],
)
def test_T20_a_size_that_the_networks_cannot_take_is_said_before_any_work(
    recipe: str, size: Any, said: str, root: Path
) -> None:
    pictures = small_runs.config(root, recipe, data__size=size, data__layout="unpaired")
    with pytest.raises(ConfigError, match=said):
        small_runs.train(pictures, root / "run")
    assert not (root / "run").exists()


def test_what_the_data_show_is_said_before_the_first_step(root: Path) -> None:
    (root / "a/notes.txt").touch()
    heard = small_runs.ProgressRecorder()
    small_runs.train(
        small_runs.config(root, train__steps=1, train__log_every=1), root / "run", heard
    )
    line = f"skipped 1 file without an image suffix (1 .txt): {root / 'a/notes.txt'}"
    assert line in heard.lines
    assert len(heard.reports) == 1


def test_a_missing_or_empty_folder_is_said_before_any_work(root: Path) -> None:
    (root / "empty").mkdir()
    with pytest.raises(DataError, match=r"no folder for domain 'c': looked for .*c/train and .*c"):
        small_runs.train(small_runs.config(root, data__domains=["a", "c"]), root / "run")
    with pytest.raises(DataError, match=r"domain 'empty': no images in .*empty"):
        small_runs.train(small_runs.config(root, data__domains=["a", "empty"]), root / "run")
    assert not (root / "run").exists()


def test_an_output_that_cannot_be_written_to_is_said_before_any_step(root: Path) -> None:
    (root / "file").write_text("")
    with pytest.raises(SaveError, match=r"cannot write to .*file/run: Not a directory") as caught:
        small_runs.train(small_runs.config(root), root / "file/run")
    assert caught.value.exit_code == 2


def test_a_gpu_that_is_not_there_is_said(root: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(
        ConfigError, match=r"device cuda: PyTorch finds no GPU here. Use --device cpu"
    ):
        small_runs.train(small_runs.config(root, train__device="cuda"), root / "run")
