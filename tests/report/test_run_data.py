"""The records of runs are read as far as possible, and missing ones are named."""

from pathlib import Path

import pytest
import recorded_runs
import small_checkpoints

from translate.report.run_data import read_run, read_runs


def test_all_records_of_a_run_are_read(run: Path) -> None:
    data = read_run(run, "first")
    assert [step for step, _ in data.previews] == [10, 20, 30]
    assert len(data.history.log.records) == 20
    assert data.evaluation and data.evaluation.values["psnr"].value == 16.4
    assert data.sessions[-1]["seed"] == 0 and data.problems[0]["reason"] == "unreadable"
    assert not data.omissions


def test_R1_what_is_not_there_is_named(tmp_path: Path) -> None:
    data = read_run(small_checkpoints.cyclegan(tmp_path / "bare"), "bare")
    assert [line.partition(":")[0] for line in data.omissions] == [
        "previews",
        "curves",
        "evaluation",
    ]


@pytest.mark.parametrize("name", ["evaluation.json", "run.json"])
def test_R2_a_damaged_file_is_named_and_the_others_are_read(run: Path, name: str) -> None:
    (run / name).write_text('{"values": ')
    data = read_run(run, "first")
    [line] = data.omissions
    assert name in line
    assert len(data.history.log.records) == 20


def test_a_run_that_is_named_twice_is_read_once(run: Path) -> None:
    assert [data.name for data in read_runs([run, run / ".", run])] == ["first"]


def test_runs_of_one_name_get_their_paths_as_names(run: Path, tmp_path: Path) -> None:
    other = recorded_runs.write_run(tmp_path / "more/first")
    assert [data.name for data in read_runs([run, other])] == [str(run), str(other)]
