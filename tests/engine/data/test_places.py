"""Runs are resumed from other working directories than they started in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate.engine.checkpoints import read, retention
from translate.engine.config import layers
from translate.engine.config.schema import Config, Data
from translate.engine.data.places import locate
from translate.errors import DataError

ImageFolder = Callable[..., Path]


@pytest.fixture
def working_dir(image_folder: ImageFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory at the start of runs; it holds their data."""
    for folder in ("data/a", "data/b", "photos/my b/train"):
        image_folder(f"home/{folder}", 3)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def train_once(working_dir: Path, **flags: Any) -> Path:
    options = {"train__steps": 1, "data__root": "data", **flags}
    small_runs.train(small_runs.config(working_dir, **options), Path("run"))
    return working_dir / "run"


def saved_config(run: Path) -> Config:
    return layers.resolve(config=str(run / "config.yaml"))


def test_a_folder_of_validation_images_is_found_from_another_directory(
    image_folder: ImageFolder, working_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder("home/held/a", 2), image_folder("home/held/b", 2)
    flags = {"data__layout": "paired", "train__evaluate_every": 1, "train__metric": "mae"}
    run = train_once(working_dir, data__validation="held", **flags)
    monkeypatch.chdir("/")
    result = small_runs.resume(run, steps=2)
    assert (result.step, result.listed) == (2, 0)
    assert saved_config(run).data.validation == "held"


@pytest.mark.parametrize(
    "domains", [["a", "b"], ["a", "photos/my b"], ["a", "photos/my b/**/*.png"], ["a", "./data/b"]]
)
def test_T27_a_run_is_resumed_from_the_root_folder(
    domains: list[str], working_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_once(working_dir, data__domains=domains)
    monkeypatch.chdir("/")
    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(run, recorder, steps=2).step == 2
    assert f"in {working_dir / 'data'}" in str(recorder)
    assert saved_config(run).data.domains == tuple(domains)  # as they were typed
    assert saved_config(run).data.root == Path("data")
    monkeypatch.chdir(working_dir.parent / "elsewhere")  # the first directory is still known
    assert small_runs.resume(run, steps=3).step == 3
    assert json.loads((run / "run.json").read_bytes())["directory"] == str(working_dir)


def test_T27_a_fork_is_resumed_from_another_folder(
    working_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_once(working_dir)
    monkeypatch.chdir("/")
    fork = small_runs.resume(run, steps=2, fork_run=True, out=working_dir.parent / "fork").path
    assert small_runs.resume(fork, steps=3).step == 3


def test_a_moved_run_is_resumed_from_its_new_folder(
    working_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_once(working_dir)
    working_dir.rename(working_dir.with_name("moved"))
    monkeypatch.chdir(working_dir.with_name("moved"))
    assert small_runs.resume(Path("run"), steps=2).step == 2
    record = json.loads(Path("run/run.json").read_bytes())
    assert record["directory"] == str(working_dir.with_name("moved"))
    assert not run.exists()


def test_moved_data_are_found_below_another_root(
    working_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_once(working_dir, data__domains=["a", "photos/my b"])
    other = working_dir.parent / "elsewhere/data"
    (working_dir / "data").rename(other)
    (working_dir / "photos/my b").rename(other / "my b")
    monkeypatch.chdir(other.parent)
    with pytest.raises(DataError, match="no folder for domain 'photos/my b'"):
        small_runs.resume(run, steps=2)
    assert small_runs.resume(run, steps=2, assignments=["data.root=data"]).step == 2
    monkeypatch.chdir("/")
    assert small_runs.resume(run, steps=3).step == 3
    checkpoint = read.read_checkpoint(retention.newest_checkpoint(run)[0])
    assert checkpoint.spec.names == ("a", "my b")


def test_a_table_and_the_domains_of_settings_are_located(
    working_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_dir / "pairs.csv").write_text("source,target\ndata/a/0000.png,data/b/0000.png\n")
    data = Data(
        root=Path("data"),
        domains=("photos/my b", "a"),
        layout={"name": "csv", "file": "pairs.csv"},
        channels={"photos/my b": 1, "a": 3},
        range={"photos/my b": (0, 200)},
    )
    assert locate(data, str(working_dir), root_changed=False) == data  # in the working folder
    monkeypatch.chdir("/")
    result = locate(data, str(working_dir), root_changed=False)
    assert result.layout == {"name": "csv", "file": str(working_dir / "pairs.csv")}
    assert result.channels == {str(working_dir / "photos/my b"): 1, "a": 3}
    assert result.range == {str(working_dir / "photos/my b"): (0, 200)}
    for unknown_folder in ("", "/nowhere"):
        assert locate(data, unknown_folder, root_changed=False) == data


@pytest.mark.parametrize("arguments", [["a", "b"], ["./data/a", "data/b"]])
def test_images_below_another_root_are_read_or_the_root_is_refused(
    arguments: list[str],
    working_dir: Path,
    image_folder: ImageFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = train_once(working_dir, data__domains=arguments)
    monkeypatch.chdir(working_dir / "data")  # which holds folders of the same names
    with pytest.raises(DataError, match="there is no folder nowhere"):
        small_runs.resume(run, steps=2, assignments=["data.root=nowhere"])
    image_folder("home/new/a", 2)
    with pytest.raises(DataError, match="there is no b in"):
        small_runs.resume(run, steps=2, assignments=[f"data.root={working_dir / 'new'}"])
    image_folder("home/new/b", 5)
    monkeypatch.chdir(working_dir)
    with pytest.raises(DataError, match="7 files, and had 6"):
        small_runs.resume(run, steps=2, assignments=["data.root=new"])
