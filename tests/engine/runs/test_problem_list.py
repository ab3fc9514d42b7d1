"""A problem is listed once in all sessions of a run, and counted in each session."""

from collections.abc import Callable
from pathlib import Path

import small_runs
from PIL import Image
from run_files import unreadable_problem

from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.engine.runs.writer import RunWriter


def test_problems_are_listed_once(
    started_run: tuple[RunWriter, TrainingState, CheckedData],
) -> None:
    writer, training, checked_data = started_run
    checked_data.problems.extend([unreadable_problem("old.png"), unreadable_problem("new.png")])
    files.append(writer.path / "problems.jsonl", unreadable_problem("old.png").record())
    writer.begin(training, checked_data)
    lines = json_files.read_lines(writer.path / "problems.jsonl")
    assert [line["path"] for line in lines] == ["old.png", "new.png"]
    assert writer.problems.count == 2


def test_D7_lost_information_is_listed_once_as_a_note(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        folder = image_folder(name, 3)
        for number in (1, 2):
            Image.new("RGBA", (32, 32), (9, 9, 9, 90)).save(folder / f"000{number}.png")
    recorder, run = small_runs.ProgressRecorder(), tmp_path / "run"
    assert small_runs.train(small_runs.config(tmp_path, train__steps=1), run, recorder).listed == 0
    assert [line for line in recorder.lines if "transparency" in line] == [
        f"{tmp_path / 'a/0001.png'} (and 3 more of 6): transparency is composited over white"
    ]
    for _ in range(2):  # a resume lists nothing again
        notes = json_files.read_lines(run / "problems.jsonl")
        assert [Path(note["path"]) for note in notes] == [
            tmp_path / f"{name}/000{number}.png" for name in "ab" for number in (1, 2)
        ]
        assert {(note["stage"], note["reason"], note["message"]) for note in notes} == {
            ("check", "note", "transparency is composited over white")
        }
        assert small_runs.resume(run, steps=2).listed == 0
