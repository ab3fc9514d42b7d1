"""A resumed run continues with its own images, unless a change of them is accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_runs

from translate.engine.training import train
from translate.errors import DataError
from translate.progress import ProgressReporter


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    image_folder("a", 4), image_folder("b", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "words"),
    [("more", r"has 8 files, and had 7"), ("other", "as many files as before, but other names")],
)
def test_T15_a_changed_data_set_is_refused_unless_accepted(
    root: Path, image_folder: Callable[..., Path], change: str, words: str
) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    if change == "more":
        image_folder("a", 5)
    else:
        (root / "b/0000.png").rename(root / "b/9999.png")
    with pytest.raises(DataError, match=rf"{words}.*--accept-data-change"):
        train.resume(root / "run", flags={"train.steps": 2}, progress=ProgressReporter())
    heard = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", heard, steps=2, accept_data_change=True)
    assert "continuing, but not bit for bit" in str(heard)
    assert (
        train.resume(root / "run", flags={"train.steps": 3}, progress=ProgressReporter()).step == 3
    )
