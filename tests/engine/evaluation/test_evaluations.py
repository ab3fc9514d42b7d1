"""Evaluations choose the best checkpoint and stop a run, and have no effect on its weights."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import two_processes
from disk_faults import FaultyDisk
from hash_metric import HashMetric, HashPlugin
from run_files import listed_problems, log_lines, run_record

from translate import hookimpl
from translate.engine.checkpoints.references import lookup
from translate.engine.disk import folders
from translate.errors import ConfigError
from translate.metrics import Metric, MetricBatch, MetricValue
from translate.results import TrainingResult
from translate.run import LogRecord

Register = Callable[..., object]
HASH_SETTINGS: dict[str, Any] = {
    "data__validation": 0.3,
    "train__evaluate_every": 1,
    "train__metric": "hash",
    "train__ema": 0.5,
}


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path, register_plugin: Register) -> Path:
    """Return a folder with the domains ``a`` and ``b``, and offer the metric ``hash``."""
    register_plugin(HashPlugin(), "other:hash")
    image_folder("a", 5), image_folder("b", 5)
    return tmp_path


def decisions(run: Path) -> Any:
    """Return the selections in all checkpoints, the best one, the logged metrics, the weights."""
    states = {
        path.parent.name: json.loads(path.read_bytes())
        for path in sorted(run.glob("checkpoints/*/state.json"))
    }
    selections = {name: [s["selection"], s["metrics"], s["best"]] for name, s in states.items()}
    best, _ = lookup.resolve(f"{run}@best")
    metrics = [line["metrics"] for line in log_lines(run)]
    return selections, best.name, metrics, small_runs.checkpoint_tensors(run)


class Constant(Metric):
    """A value that never improves."""

    values = {"constant": MetricValue("min")}

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", rows=batch.get("fake", batch.get("real")).mean((1, 2, 3)))  # type: ignore[union-attr]

    def compute(self) -> dict[str, float]:
        return {"constant": 0.25}


@pytest.fixture
def constant(root: Path, register_plugin: Register) -> Callable[..., Any]:
    """Return a function that configures a run with a metric that never improves."""

    class Plugin:
        @hookimpl
        def register_metrics(self) -> dict[str, type[Metric]]:
            return {"constant": Constant}

    register_plugin(Plugin(), "other:constant")
    settings = {**HASH_SETTINGS, "train__metric": "constant", "train__steps": 12}
    settings |= {"train__evaluate_every": 2, "train__patience": 2}
    return lambda **flags: small_runs.config(root, **{**settings, **flags})


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_evaluations_do_not_change_the_training(recipe: str, root: Path) -> None:
    for name, every in (("without", 0), ("with", 2)):
        flags = {**HASH_SETTINGS, "train__evaluate_every": every, "train__steps": 6}
        config = small_runs.config(root, recipe, train__preview_every=3, **flags)
        small_runs.train(config, root / name)
    assert small_runs.checkpoint_tensors(root / "with") == small_runs.checkpoint_tensors(
        root / "without"
    )
    for preview in sorted((root / "with/previews").iterdir()):
        assert preview.read_bytes() == (root / "without/previews" / preview.name).read_bytes()


@pytest.mark.slow
def test_a_run_killed_at_many_file_operations_makes_the_same_decisions(
    root: Path, disk: FaultyDisk
) -> None:
    flags = {**HASH_SETTINGS, "train__patience": 3, "train__save_every": 2, "train__log_every": 3}
    config = small_runs.config(root, train__steps=9, **flags)
    count = small_runs.count_disk_operations(config, root / "uninterrupted", disk)
    expected = decisions(root / "uninterrupted")
    for operation in range(2, count + 1, max(1, count // 50)):
        run = root / f"killed-{operation}"
        small_runs.train_with_kill(config, run, disk, operation)
        assert decisions(run) == expected, operation


def test_the_best_checkpoint_is_kept_in_addition_to_the_newest(root: Path) -> None:
    config = small_runs.config(root, train__steps=9, train__save_every=1, **HASH_SETTINGS)
    result = small_runs.train(config, root / "run")
    values = {line["step"]: line["metrics"]["evaluation/hash"] for line in log_lines(root / "run")}
    best = max(values, key=values.__getitem__)
    assert small_runs.checkpoint_steps(root / "run") == sorted({best, 8, 9})
    path, _ = lookup.resolve(f"{root / 'run'}@best")
    assert path.name == f"step-{best:08}"
    assert result.best == f"hash {values[best]:.4g} at step {best}"
    assert result.next_command.startswith(f"translate infer {root / 'run'}@best ")


def test_a_run_without_improvement_stops_and_prints_how_to_continue(
    constant: Any, root: Path
) -> None:
    run = root / "run"
    result = small_runs.train(constant(), run)
    plateau = "no improvement in constant for 2 evaluations (best 0.25 at step 2)"
    assert (result.step, result.plateau, result.reason, result.listed) == (6, plateau, "", 0)
    facts = run_record(run)
    assert (facts["outcome"], facts["reason"]) == ("stopped", plateau)
    assert facts["stopped_by"] == "train.patience"
    assert small_runs.checkpoint_steps(run) == [2, 6], "0 is older than what is kept"
    progress = small_runs.ProgressRecorder()
    assert small_runs.resume(run, progress).step == 6
    assert progress.lines == [
        f"{run} is complete: 6 steps, {plateau}. --set train.patience=N with a larger N "
        "continues it."
    ]
    resumed = small_runs.resume(run, assignments=["train.patience=4"])
    assert (resumed.step, resumed.plateau) == (10, plateau.replace("2 eval", "4 eval"))


def test_a_fork_or_another_metric_resets_the_selection(constant: Any, root: Path) -> None:
    small_runs.train(constant(train__steps=2), root / "run")
    small_runs.resume(root / "run", steps=4, assignments=["train.metric=hash"])
    states = decisions(root / "run")[0]
    assert states["step-00000004"][0]["step"] == 4 and states["step-00000004"][2] == ["hash", "max"]
    small_runs.resume(root / "run", steps=6, fork_run=True, out=root / "fork")
    assert decisions(root / "fork")[0]["step-00000006"][0]["waited"] == 0


def test_a_best_checkpoint_that_cannot_be_saved_is_not_the_best(
    constant: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = folders.write_folder

    def fail_at_step_2(target: Path, contents: Any, **named: Any) -> None:
        if target.name.endswith("2"):
            raise OSError(28, "No space left on device")
        write(target, contents, **named)

    monkeypatch.setattr(folders, "write_folder", fail_at_step_2)
    small_runs.train(constant(train__steps=4), root / "run")
    path, _ = lookup.resolve(f"{root / 'run'}@best")
    assert path.name == "step-00000004"


def test_metric_values_are_in_the_log_and_on_the_progress_line(
    root: Path, register_plugin: Register
) -> None:
    records: list[LogRecord] = []

    class Plugin:
        @hookimpl
        def losses_logged(self, record: LogRecord) -> None:
            records.append(record)

    register_plugin(Plugin(), "other:records")
    progress = small_runs.ProgressRecorder()
    config = small_runs.config(
        root, **{**HASH_SETTINGS, "train__evaluate_every": 2, "train__log_every": 3}
    )
    small_runs.train(config, root / "run", progress)
    assert [record.step for record in records] == [2, 3, 4]
    assert ["evaluation/hash" in record.metrics for record in records] == [True, False, True]
    assert records[0].evaluation_seconds > 0 == records[1].evaluation_seconds
    assert [list(report.evaluation) for report in progress.reports] == [["hash"]] * 3
    assert f"hash {records[0].metrics['evaluation/hash']:.4g}" in progress.reports[1].line()


def test_slow_evaluations_are_reported_once_with_a_longer_interval(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = HashMetric.compute

    def slow(metric: HashMetric) -> dict[str, float]:
        time.sleep(0.3)
        return measure(metric)

    monkeypatch.setattr(HashMetric, "compute", slow)
    recorder = small_runs.ProgressRecorder()
    small_runs.train(
        small_runs.config(root, train__steps=2, **HASH_SETTINGS), root / "run", recorder
    )
    (line,) = [line for line in recorder.lines if "of the time of training" in line]
    assert line.startswith("an evaluation takes ")
    assert "--set train.evaluate_every=" in line and line.endswith(" costs less")


def test_a_metric_that_fails_is_listed_and_the_run_continues(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(metric: HashMetric) -> dict[str, float]:  # noqa: ARG001
        raise ZeroDivisionError("no images")

    monkeypatch.setattr(HashMetric, "compute", fail)
    result = small_runs.train(small_runs.config(root, **HASH_SETTINGS), root / "run")
    assert (result.step, result.listed, result.best) == (4, 1, "")
    (problem,) = listed_problems(root / "run")
    assert (problem["path"], problem["stage"]) == ("evaluation", "evaluation")
    assert "ZeroDivisionError: no images" in problem["message"]


def test_a_metric_that_cannot_measure_is_refused_before_the_run_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(metric: HashMetric, batch: MetricBatch) -> None:  # noqa: ARG001
        raise ConfigError('the metric needs a package: pip install "translate-kit[metrics]"')

    monkeypatch.setattr(HashMetric, "update", fail)
    with pytest.raises(ConfigError, match="pip install"):
        small_runs.train(small_runs.config(root, **HASH_SETTINGS), root / "run")
    assert not (root / "run").exists()


def test_two_processes_stop_at_the_same_step(constant: Any, root: Path) -> None:
    config = constant(train__batch_size=2)

    def work(rank: int) -> TrainingResult:  # noqa: ARG001
        return small_runs.train(config, root / "run")

    first, second = two_processes.run(work)
    assert first.step == second.step == 6
    assert first.plateau == second.plateau != ""
    assert [line["step"] for line in log_lines(root / "run")] == [2, 4, 6]
