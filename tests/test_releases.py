"""Checkpoints of every release still load, and translate an image to the same pixels.

Each release that changes checkpoints adds a folder in tests/releases; no folder is ever rewritten.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
import small_runs
from PIL import Image

from translate.api import Translator
from translate.engine.checkpoints import retention

RELEASES = sorted((Path(__file__).parent / "releases").iterdir())


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_P13_a_checkpoint_of_a_release_translates_to_the_same_pixels(release: Path) -> None:
    output = Translator.load(release / "run")(release / "photo.png")
    assert output.size == (21, 13)
    difference = np.asarray(output).astype(int) - pixels(release / "translated.png")
    assert np.abs(difference).max() <= 1
    assert np.abs(pixels(release / "photo.png") - pixels(release / "translated.png")).mean() > 20


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_training_resumes_from_a_checkpoint_of_a_release(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(release / "run", tmp_path / "run")
    for domain in "ab":
        (tmp_path / domain).mkdir()
        shutil.copy(release / "photo.png", tmp_path / domain)
    monkeypatch.chdir(tmp_path)  # the run's data.root is "."
    before = small_runs.checkpoint_tensors(tmp_path / "run")
    assert small_runs.resume(
        tmp_path / "run", steps=5, assignments=["data.resize=fit"], fork_run=True
    )
    assert small_runs.checkpoint_steps(tmp_path / "run-fork") == [4, 5]  # its start and its end
    assert small_runs.checkpoint_tensors(tmp_path / "run") == before
    assert small_runs.checkpoint_tensors(tmp_path / "run-fork").keys() == before.keys()


def test_the_files_of_a_release_are_small_and_complete() -> None:
    for release in RELEASES:
        files = [path for path in release.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 200_000
        assert not retention.newest_checkpoint(release / "run")[1]
    assert RELEASES
