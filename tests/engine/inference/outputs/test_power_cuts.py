"""Records and outputs of a folder after a power cut."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from power_cut import DiskRecorder, write_tree

from translate.engine.disk import files
from translate.engine.inference import pipeline, sampling
from translate.errors import ConfigError

Actions = dict[str, Callable[[Path], object]]


def images(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.png")}


@pytest.mark.parametrize("command", ["infer", "sample"])
def test_I15_a_rerun_after_a_power_cut_gives_the_same_bytes(
    command: str, actions: Actions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WRITERS", 1)
    monkeypatch.setattr(sampling, "WRITERS", 1)
    disk, action = tmp_path / "disk", actions[command]
    disk.mkdir()
    with monkeypatch.context() as patch:
        recorder = DiskRecorder(disk, patch)
        action(disk / "out")
    reference = images(disk / "out")
    assert len(reference) == 2
    states = list(recorder.crash_states())
    for complete, tree in states:
        out = write_tree(tree, tmp_path / "state") / "out"
        remaining = images(out)
        assert remaining.items() <= reference.items(), "an image is complete or absent"
        assert remaining == reference or not complete, "reported outputs are durable"
        action(out)
        assert images(out) == reference
        shutil.rmtree(out.parent)
    assert len(states) > 15


def test_I15_a_record_is_durable_before_its_output_is_visible(
    actions: Actions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the sync of the records, some crash states are refused by a rerun."""
    monkeypatch.setattr(pipeline, "WRITERS", 1)
    monkeypatch.setattr(files, "sync", lambda *_, **__: None)
    disk, action = tmp_path / "disk", actions["infer"]
    disk.mkdir()
    with monkeypatch.context() as patch:
        recorder = DiskRecorder(disk, patch)
        action(disk / "out")

    def refused(number: int) -> bool:
        try:
            action(tmp_path / str(number) / "out")
        except ConfigError:
            return True
        return False

    trees = [tree for _, tree in recorder.crash_states(first_operation=len(recorder.done))]
    for number, tree in enumerate(trees):
        write_tree(tree, tmp_path / str(number))
    assert any(refused(number) for number in range(len(trees)))
