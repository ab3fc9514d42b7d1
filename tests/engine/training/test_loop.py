"""The training loop: intervals, unreadable files, and the end of reading."""

import threading
from collections.abc import Callable, Iterator
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
import small_runs
from run_files import listed_problems, log_lines, run_record, saved_weights
from two_player_recipe import TwoPlayers

from translate import hookimpl
from translate.batches import Images
from translate.engine.disk.records import json_files
from translate.engine.training.loop import Stop
from translate.errors import TrainingError
from translate.recipe import Turn

Plugin = Callable[..., object]
ImageFolder = Callable[..., Path]


def test_P11_T8_three_skipped_turns_of_a_player_in_a_row_stop_the_run_with_finite_weights_saved(
    two_players: type[TwoPlayers], configure: Any, tmp_path: Path
) -> None:
    two_players.nan_losses = {step: {"two"} for step in range(4, 100)}
    config = configure(train__steps=90, train__guard=3, train__log_every=1)
    with pytest.raises(TrainingError, match=r"the last 3 turns of 'two'") as error:
        small_runs.train(config, tmp_path / "run")
    assert error.value.exit_code == 5
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0, 7]
    assert all(tensor.isfinite().all() for tensor in saved_weights(tmp_path / "run").values())
    assert run_record(tmp_path / "run")["outcome"] == "failed"


def test_the_last_step_is_logged_and_saved_whatever_the_intervals(
    configure: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    config = configure(train__steps=5, train__log_every=3, train__save_every=3)
    small_runs.train(config, run)
    assert [line["step"] for line in log_lines(run)] == [3, 5]
    assert small_runs.checkpoint_steps(run) == [3, 5]


def test_a_recipe_gets_the_iteration_and_its_networks_the_progress_from_0_to_1(
    two_players: type[TwoPlayers], configure: Any, tmp_path: Path
) -> None:
    small_runs.train(configure(train__steps=4), tmp_path / "run")
    iterations, progresses, image_means = zip(*two_players.taken_steps, strict=True)
    assert (iterations, progresses) == ((0, 1, 2, 3), (0.0, 0.25, 0.5, 0.75))
    assert all(-1 <= mean <= 1 for mean in image_means)


@pytest.mark.parametrize("cache", [0.0, 2.0])
def test_a_corrupt_file_is_listed_and_does_not_change_training(
    cache: float, image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("a", 4), image_folder("b", 5)
    config = small_runs.config(tmp_path, data__cache=cache, data__max_bad=0.5)
    with_bad, without_bad = tmp_path / "with", tmp_path / "without"
    small_runs.train(config, without_bad)
    bad_path = tmp_path / "a/0001a.png"
    bad_path.write_text("<html>not found</html>")
    recorder = small_runs.ProgressRecorder()
    result = small_runs.train(config, with_bad, recorder)
    assert result.listed == 1
    (problem,) = listed_problems(with_bad)
    assert {
        "path": str(bad_path),
        "stage": "check",
        "reason": "unreadable",
    }.items() <= problem.items()
    assert f"skipped: {bad_path}: " in str(recorder)
    assert small_runs.equal_checkpoints(with_bad, without_bad)
    assert run_record(with_bad)["data"] == run_record(without_bad)["data"]
    resumed = small_runs.resume(with_bad, steps=5)
    assert (resumed.listed, len(listed_problems(with_bad))) == (1, 1), "not listed again"


def test_D11_a_vanished_folder_stops_the_run_with_a_checkpoint_and_lists_nothing(
    configure: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    class Mover:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 3 and (tmp_path / "a").exists():
                (tmp_path / "a").rename(tmp_path / "elsewhere")

    register_plugin(Mover(), "other:mover")
    config, run = configure(data__cache=0.0, train__steps=6, train__log_every=1), tmp_path / "run"
    with pytest.raises(TrainingError, match="items in a row cannot be read") as error:
        small_runs.train(config, run)
    assert error.value.exit_code == 5
    logged = [line["step"] for line in json_files.read_lines(run / "log.jsonl")]
    assert logged in ([1, 2, 3], [1, 2, 3, 4])  # the fourth batch may have been read already
    assert small_runs.checkpoint_steps(run) == [0, logged[-1]]
    assert listed_problems(run) == []
    (tmp_path / "elsewhere").rename(tmp_path / "a")
    assert small_runs.resume(run).step == 6


@pytest.mark.parametrize("workers", [0, 2])
def test_a_failed_run_ends_its_reader_threads_and_processes_though_its_traceback_is_kept(
    workers: int,
    two_players: type[TwoPlayers],
    configure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(recipe: TwoPlayers, batch: Images) -> Iterator[Turn]:  # noqa: ARG001
        raise ZeroDivisionError

    monkeypatch.setattr(two_players, "step", fail)
    threads = threading.active_count()
    with pytest.raises(TrainingError, match=r"TwoPlayers.step raised ZeroDivisionError") as error:
        small_runs.train(configure(data__workers=workers), tmp_path / "run")
    assert "--resume" in str(error.value) and error.value.exit_code == 5
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0]
    assert error.tb, "its frames refer to the reader, so the garbage collector keeps it"
    assert threading.active_count() == threads
    assert active_children() == []


def test_a_file_that_is_damaged_during_training_is_listed_once_and_replaced(
    configure: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    class Vandal:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 2:
                (tmp_path / "a/0002.png").write_text("")

    register_plugin(Vandal(), "other:vandal")
    config = configure(data__cache=0.0, train__steps=14, train__log_every=1)
    result = small_runs.train(config, tmp_path / "run")
    assert (result.step, result.listed) == (14, 1)
    (problem,) = listed_problems(tmp_path / "run")
    assert problem["path"].endswith("a/0002.png")
    assert problem["stage"] == "training"


def test_each_reason_to_end_training_has_an_outcome() -> None:
    assert {stop.name: stop.outcome for stop in Stop} == {
        "FINISHED": "finished",
        "SIGNAL": "interrupted",
        "TIME": "interrupted",
        "HOOK": "stopped",
        "PLATEAU": "stopped",
    }
