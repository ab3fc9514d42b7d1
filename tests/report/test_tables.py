"""The tables of a report: settings that differ, the environment and problems."""

from pathlib import Path

import recorded_runs

from translate.engine.disk import files
from translate.report import tables
from translate.report.run_data import read_runs


def test_settings_that_differ_are_listed_with_the_value_of_each_run_if_it_is_known(
    tmp_path: Path,
) -> None:
    paths = [
        recorded_runs.write_run(tmp_path / f"{number}", identity_weight=weight)
        for number, weight in enumerate((5.0, 0.5, 5.0))
    ]
    runs = read_runs(paths)
    assert tables.config_differences(runs) == [("options.identity_weight", ["5.0", "0.5", "5.0"])]
    assert tables.config_differences(runs[:1]) == []
    # a run without a readable configuration
    (paths[2] / "checkpoints/step-00000001/MANIFEST.json").unlink()
    [(_, values)] = tables.config_differences(read_runs(paths))
    assert values == ["5.0", "0.5", "unknown"]


def test_the_environment_has_a_column_for_each_run(run: Path, tmp_path: Path) -> None:
    other = recorded_runs.write_run(tmp_path / "second")
    (other / "run.json").unlink()
    rows = dict(tables.environment_rows(read_runs([run, other])))
    assert rows["command"] == ["translate train", "-"]
    assert rows["torch"] == ["2.14", "-"]
    assert rows["images"][0].startswith("8 files, SHA-256 of names and sizes abab")
    assert rows["validation images"][0].startswith("2 files")


def test_the_newest_problems_are_shown_and_the_others_counted(run: Path) -> None:
    for number in range(tables.MAX_PROBLEMS + 1):
        files.append(run / "problems.jsonl", {"path": f"{number}.png", "message": "<gone>"})
    rows, more = tables.problem_rows(read_runs([run])[0])
    assert len(rows) == tables.MAX_PROBLEMS and more == 2
    assert rows[-1] == (f"{tables.MAX_PROBLEMS}.png", "", "", "<gone>")
