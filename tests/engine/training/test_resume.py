"""A run is not resumed with changed images, or from different checkpoints of its processes."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree

import pytest
import small_runs
import two_processes

from translate.errors import CheckpointError, DataError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("new file", "has 8 files, and had 7"),
        ("rename", "as many files as before, but other names"),
    ],
)
def test_T15_a_changed_data_set_is_refused_unless_accepted(
    root: Path, image_folder: Callable[..., Path], change: str, message: str
) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    if change == "new file":
        image_folder("a", 5)
    else:
        (root / "b/0000.png").rename(root / "b/9999.png")
    with pytest.raises(DataError, match=rf"{message}.*--accept-data-change"):
        small_runs.resume(root / "run", steps=2)
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", recorder, steps=2, accept_data_change=True)
    assert "continuing, but not bit for bit" in str(recorder)
    assert small_runs.resume(root / "run", steps=3).step == 3


def test_T19_processes_with_different_newest_checkpoints_are_refused(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__save_every=2)
    small_runs.train(config, root / "0")
    copytree(root / "0", root / "1")
    rmtree(root / "1/checkpoints/step-00000004")

    def resume(rank: int) -> str:
        with pytest.raises(CheckpointError) as error:
            small_runs.resume(root / str(rank), steps=6)
        return str(error.value)

    for message in two_processes.run(resume):
        assert "is that of step 2 for one process, and of step 4 for another" in message
