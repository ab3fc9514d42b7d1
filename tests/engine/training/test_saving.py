"""Checkpoints during training: weights must be finite, and a full disk destroys no checkpoint."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_runs
from disk_faults import FaultyDisk, no_space
from odd_exceptions import PanicException
from run_files import run_record
from two_player_recipe import TwoPlayers

from translate import hookimpl
from translate.batches import Images
from translate.engine.disk import folders
from translate.engine.runs import writer
from translate.errors import SaveError, TrainingError
from translate.recipe import Turn

Plugin = Callable[..., object]


def test_nan_weights_are_never_saved(
    two_players: type[TwoPlayers], configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = two_players.step

    def spoil(recipe: TwoPlayers, batch: Images) -> Iterator[Turn]:
        yield from step(recipe, batch)
        if recipe.iteration == 2:
            recipe.one.weight.data.fill_(math.inf)

    monkeypatch.setattr(two_players, "step", spoil)
    with pytest.raises(TrainingError, match=r"step 4: one.weight is not finite"):
        small_runs.train(configure(train__save_every=2, train__steps=9), tmp_path / "run")
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0, 2]


def test_T4_a_full_disk_is_reported_saving_is_retried_and_the_old_checkpoint_stays(
    configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(train__steps=6, train__save_every=2)
    small_runs.train(config, tmp_path / "straight")
    write, run, recorder = folders.write_folder, tmp_path / "run", small_runs.ProgressRecorder()
    attempts = []

    def fail_at_step_2(target: Path, contents: Any, **options: Any) -> None:
        attempts.append((target.name, small_runs.checkpoint_steps(run)))
        if target.name.endswith("2"):
            raise OSError(28, "No space left on device")
        write(target, contents, **options)

    monkeypatch.setattr(folders, "write_folder", fail_at_step_2)
    result = small_runs.train(config, run, recorder)
    (line,) = [line for line in recorder.lines if "could not save" in line]
    assert line == (
        "could not save step 2: No space left on device; the checkpoint of "
        "step 0 is intact; trying again at step 4"
    )
    assert attempts[2] == ("step-00000004", [0])
    assert (result.step, small_runs.checkpoint_steps(run)) == (6, [4, 6])
    assert small_runs.equal_checkpoints(run, tmp_path / "straight")


def test_a_disk_that_stays_full_is_a_save_error_and_old_checkpoints_are_kept(
    configure: Any, tmp_path: Path, disk: FaultyDisk, register_plugin: Plugin
) -> None:
    class Filler:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 3 and not disk.operations:
                disk.arm(1, no_space, always=True)

    register_plugin(Filler(), "other:filler")
    recorder, run = small_runs.ProgressRecorder(), tmp_path / "run"
    with pytest.raises(SaveError, match=r"could not save step 5: No space left on device") as error:
        small_runs.train(
            configure(train__steps=5, train__save_every=1, train__log_every=1), run, recorder
        )
    disk.disarm()
    assert disk.operations
    assert error.value.exit_code == 6
    assert small_runs.checkpoint_steps(run) == [1, 2]
    assert sum("could not save step" in line for line in recorder.lines) == 2  # steps 3 and 4
    assert any("could not write" in line and "run.json" in line for line in recorder.lines)
    assert run_record(run)["seed"] == 0, "run.json is whole"
    assert not [p for p in run.rglob(".*") if p.is_file()]
    small_runs.resume(run)
    assert small_runs.checkpoint_steps(run) == [4, 5]


def test_a_disk_full_from_the_start_is_reported_before_training(
    two_players: type[TwoPlayers],
    configure: Any,
    tmp_path: Path,
    disk: FaultyDisk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = writer.RunWriter.begin

    def begin_on_full_disk(self: Any, *args: Any) -> None:
        disk.arm(1, no_space, always=True)
        begin(self, *args)

    monkeypatch.setattr(writer.RunWriter, "begin", begin_on_full_disk)
    with pytest.raises(SaveError, match=r"could not write to .*run: No space left"):
        small_runs.train(configure(), tmp_path / "run")
    disk.disarm()
    assert not two_players.taken_steps, "no step was taken"


@pytest.mark.parametrize(
    ("error", "expected_type", "message"),
    [
        (KeyError("x"), TrainingError, "--resume"),
        (PanicException("x"), TrainingError, "--resume"),
        (MemoryError(), SaveError, "step 4: not enough memory"),
    ],
)
def test_an_error_while_saving_stops_the_run_and_keeps_the_last_checkpoint(
    error: BaseException,
    expected_type: type[Exception],
    message: str,
    two_players: type[TwoPlayers],
    configure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail_at_step_4(recipe: TwoPlayers) -> dict[str, Any]:
        if recipe.iteration >= 3:
            raise error
        return {}

    monkeypatch.setattr(two_players, "training_state", fail_at_step_4)
    with pytest.raises(expected_type, match=message):
        small_runs.train(configure(train__save_every=2), tmp_path / "run")
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0, 2]
    monkeypatch.undo()
    assert small_runs.resume(tmp_path / "run").step == 4
