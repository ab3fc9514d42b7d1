"""A resumed run refuses changed images unless the change is accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_runs

from translate.engine.training import train
from translate.errors import DataError
from translate.progress import ProgressReporter


@pytest.mark.parametrize(
    ("change", "message"),
    [("more", r"has 8 files, and had 7"), ("other", "as many files as before, but other names")],
)
def test_T15_a_changed_data_set_is_refused_unless_accepted(
    root: Path, image_folder: Callable[..., Path], change: str, message: str
) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    if change == "more":
        image_folder("a", 5)
    else:
        (root / "b/0000.png").rename(root / "b/9999.png")
    with pytest.raises(DataError, match=rf"{message}.*--accept-data-change"):
        train.resume(root / "run", flags={"train.steps": 2}, progress=ProgressReporter())
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", recorder, steps=2, accept_data_change=True)
    assert "continuing, but not bit for bit" in str(recorder)
    assert (
        train.resume(root / "run", flags={"train.steps": 3}, progress=ProgressReporter()).step == 3
    )
