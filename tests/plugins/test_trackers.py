"""The built-in trackers: read_rows of a CSV file and events of TensorBoard, also after a resume."""

import csv
import math
import sys
from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate.errors import ConfigError
from translate.registry import create
from translate.run import LogRecord, Run


def record(step: int, **values: Any) -> LogRecord:
    fixed = {"images_per_second": 3.0, "data_wait": 0.0, "memory_mb": 9, "threads": 1}
    players = {"losses": {"generator/gan": 0.5}, "lr": {"generator": 0.1}, "grad_norm": {}}
    return LogRecord(step, step / 2, **{**fixed, **players, **values})


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_file_has_a_row_for_each_line_of_the_log(root: Path) -> None:
    config = small_runs.config(root, train__trackers=["csv"], train__log_every=1)
    small_runs.train(config, root / "run")
    result = read_rows(root / "run/log.csv")
    assert [row["step"] for row in result] == ["1", "2", "3", "4"]
    assert float(result[0]["loss/discriminators/source"]) > 0
    small_runs.resume(root / "run", steps=6)
    assert [row["step"] for row in read_rows(root / "run/log.csv")] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
    ]


def test_a_csv_file_is_truncated_to_the_resumed_step(tmp_path: Path) -> None:
    run, tracker = Run(tmp_path, {}, 9), create("tracker", {"name": "csv", "file": "my.csv"})
    tracker.start(run, 0)
    for step in (1, 2, 3):
        tracker.log(record(step))
    with (tmp_path / "my.csv").open("a") as file:
        file.write("4,0.")  # cut off by a kill
    tracker = create("tracker", {"name": "csv", "file": "my.csv"})
    tracker.start(run, 2)
    tracker.log(record(3))
    assert [row["step"] for row in read_rows(tmp_path / "my.csv")] == ["1", "2", "3"]


def test_a_new_value_adds_a_column(tmp_path: Path) -> None:
    tracker = create("tracker", "csv")
    tracker.start(Run(tmp_path, {}, 9), 0)
    tracker.log(record(1))
    tracker.log(record(2, metrics={"critic/real, score": math.nan}))
    tracker.log(record(3))
    result = [row["metric/critic/real, score"] for row in read_rows(tmp_path / "log.csv")]
    assert result == ["", "nan", ""]
    assert [row["loss/generator/gan"] for row in read_rows(tmp_path / "log.csv")] == ["0.5"] * 3


@pytest.mark.parametrize("file", ["", "a/log.csv", "../log.csv"])
def test_the_name_of_a_csv_file_must_not_be_a_path(file: str) -> None:
    with pytest.raises(ConfigError, match=r"file: expected a name such as log\.csv, not a path"):
        create("tracker", {"name": "csv", "file": file})


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    result = events.EventAccumulator(str(folder), purge_orphaned_data=True)
    result.Reload()
    return [(event.step, round(event.value, 4)) for event in result.Scalars(tag)]


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_reads_losses_and_previews_of_a_run_and_its_resume(root: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    config = small_runs.config(
        root, train__trackers=["tensorboard"], train__log_every=1, train__preview_every=2
    )
    assert small_runs.train(config, root / "run").listed == 0
    small_runs.resume(root / "run", steps=6)
    result = events.EventAccumulator(str(root / "run/events"))
    result.Reload()
    tag = "loss/discriminators/source"
    assert [event.step for event in result.Scalars(tag)] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in result.Images("preview")] == [2, 4, 6]
    assert "lr/generators" in result.Tags()["scalars"]


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_hides_records_after_the_resumed_step(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    for first, steps in ((0, (1, 2, 3)), (2, (3, 4))):
        tracker = create("tracker", "tensorboard")
        tracker.start(Run(tmp_path, {}, 9), first)
        for step in steps:
            tracker.log(record(step, losses={"generator/gan": float(first)}))
        tracker.finish("finished")
        tracker.close()
    result = scalars(tmp_path / "events", "loss/generator/gan")
    assert result == [(1, 0.0), (2, 0.0), (3, 2.0), (4, 2.0)]


def test_without_tensorboard_the_command_that_installs_it_is_shown(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install translate-kit\[tensorboard\]"):
        small_runs.train(small_runs.config(root, train__trackers="tensorboard"), root / "run")
    assert not (root / "run").exists()
