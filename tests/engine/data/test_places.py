"""A run is resumed from another working directory than the one it began in."""

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

Pictures = Callable[..., Path]


@pytest.fixture
def home(image_folder: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which runs begin; its data are below it."""
    (
        image_folder("home/data/a", 3),
        image_folder("home/data/b", 3),
        image_folder("home/photos/my b/train", 3),
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def begin(home: Path, **flags: Any) -> Path:
    given = {"train__steps": 1, "data__root": "data", **flags}
    small_runs.train(small_runs.config(home, **given), Path("run"))
    return home / "run"


def settings(run: Path) -> Config:
    return layers.resolve(config=str(run / "config.yaml"))


@pytest.mark.parametrize(
    "domains", [["a", "b"], ["a", "photos/my b"], ["a", "photos/my b/**/*.png"], ["a", "./data/b"]]
)
def test_T27_a_run_is_resumed_from_the_root_of_the_disk(
    domains: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(home, data__domains=domains)
    monkeypatch.chdir("/")
    heard = small_runs.ProgressRecorder()
    assert small_runs.resume(run, heard, steps=2).step == 2
    assert f"in {home / 'data'}" in str(heard)
    assert settings(run).data.domains == tuple(domains)  # as they were typed
    assert settings(run).data.root == Path("data")
    monkeypatch.chdir(home.parent / "elsewhere")  # and again: the first directory is remembered
    assert small_runs.resume(run, steps=3).step == 3
    assert json.loads((run / "run.json").read_bytes())["directory"] == str(home)


def test_T27_a_fork_is_resumed_from_elsewhere_too(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(home)
    monkeypatch.chdir("/")
    fork = small_runs.resume(run, steps=2, fork=True, out=home.parent / "fork").path
    assert small_runs.resume(fork, steps=3).step == 3


def test_paths_are_tried_from_here_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(home)
    home.rename(home.with_name("moved"))
    monkeypatch.chdir(home.with_name("moved"))
    assert small_runs.resume(Path("run"), steps=2).step == 2
    facts = json.loads(Path("run/run.json").read_bytes())
    assert facts["directory"] == str(home.with_name("moved"))
    assert not run.exists()


def test_moved_data_are_found_below_another_root(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(home, data__domains=["a", "photos/my b"])
    other = home.parent / "elsewhere/data"
    (home / "data").rename(other)
    (home / "photos/my b").rename(other / "my b")
    monkeypatch.chdir(other.parent)
    with pytest.raises(DataError, match="no folder for domain 'photos/my b'"):
        small_runs.resume(run, steps=2)
    assert small_runs.resume(run, steps=2, assignments=["data.root=data"]).step == 2
    monkeypatch.chdir("/")
    assert small_runs.resume(run, steps=3).step == 3
    found = read.read_checkpoint(retention.newest_checkpoint(run)[0])
    assert found.spec.names == ("a", "my b")


def test_a_table_and_what_is_said_of_domains_are_found_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "pairs.csv").write_text("source,target\ndata/a/0000.png,data/b/0000.png\n")
    data = Data(
        root=Path("data"),
        domains=("photos/my b", "a"),
        layout={"name": "csv", "file": "pairs.csv"},
        channels={"photos/my b": 1, "a": 3},
    )
    found = locate(data, str(home), moved=False)
    assert found == data  # all is here
    monkeypatch.chdir("/")
    found = locate(data, str(home), moved=False)
    assert found.layout == {"name": "csv", "file": str(home / "pairs.csv")}
    assert found.channels == {str(home / "photos/my b"): 1, "a": 3}
    assert locate(data, "", moved=False) == locate(data, "/nowhere", moved=False) == data


@pytest.mark.parametrize("typed", [["a", "b"], ["./data/a", "data/b"]])
def test_images_below_another_root_are_read_or_the_root_is_refused(
    typed: list[str], home: Path, image_folder: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(home, data__domains=typed)
    monkeypatch.chdir(home / "data")  # which holds folders of the same names
    with pytest.raises(DataError, match="there is no folder nowhere"):
        small_runs.resume(run, steps=2, assignments=["data.root=nowhere"])
    image_folder("home/new/a", 2)
    with pytest.raises(DataError, match="there is no b in"):
        small_runs.resume(run, steps=2, assignments=[f"data.root={home / 'new'}"])
    image_folder("home/new/b", 5)
    monkeypatch.chdir(home)
    with pytest.raises(DataError, match="7 files, and had 6"):
        small_runs.resume(run, steps=2, assignments=["data.root=new"])


def test_a_start_below_a_root_that_is_not_there_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home / "data")
    with pytest.raises(DataError, match="there is no folder nowhere"):
        begin(home, data__root="nowhere")
    assert not (home / "data/run").exists()
