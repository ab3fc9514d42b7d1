"""The plan of a dry run: what it counts, that it writes nothing, and runs it cannot be made for."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
import two_processes
from audit_events import record_writes
from hash_metric import HashPlugin
from two_player_recipe import TwoPlayers

from translate import hookimpl
from translate.engine.checkpoints import retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.training.plan import is_enough
from translate.errors import TrainingError
from translate.results import TrainingPlan


def plan(config: Any, out: Path, **options: Any) -> TrainingPlan:
    """Return the plan of a dry run."""
    result = small_runs.train(config, out, dry_run=True, **options)
    assert result.plan and not out.exists()
    return result.plan


def test_a_plan_counts_images_steps_parameters_and_bytes(root: Path) -> None:
    (root / "a/bad.png").write_bytes(b"")
    settings = {"data__max_bad": 0.5, "train__steps": 6, "train__batch_size": 2, "train__ema": 0.9}
    config = small_runs.config(root, **settings)
    planned = plan(config, root / "run")
    assert (planned.recipe, planned.device, planned.size) == ("cyclegan", "cpu", (16, 16))
    assert (planned.images, planned.skipped, planned.items) == ({"a": 4, "b": 3}, 1, 4)
    assert (planned.step, planned.steps, planned.epochs) == (0, 6, 3)
    run = small_runs.train(config, root / "run").path
    checkpoint, _ = retention.newest_checkpoint(run)
    size = sum(file.stat().st_size for file in checkpoint.iterdir())
    assert planned.checkpoint_mb * 1e6 == pytest.approx(size, rel=0.02)
    networks = ("source_to_target", "target_to_source")
    assert {*networks} < {*planned.parameters} and planned.parameters[networks[0]] > 100
    assert planned.memory_mb > 100
    assert planned.images_per_second == pytest.approx(2 / planned.step_seconds)
    assert planned.seconds > 6 * planned.step_seconds


def test_a_resumed_run_is_planned_from_its_step_and_stays_as_it_is(root: Path) -> None:
    run = small_runs.train(small_runs.config(root, train__steps=2), root / "run").path
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    result = small_runs.resume(run, steps=5, dry_run=True)
    assert result.plan and (result.step, result.plan.step, result.plan.steps) == (2, 2, 5)
    complete = small_runs.resume(run, dry_run=True)
    assert (complete.step, complete.plan) == (2, None)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_previews_and_evaluations_are_part_of_the_time(root: Path, register_plugin: Any) -> None:
    register_plugin(HashPlugin(), "other:hash")
    settings = {"data__validation": 0.5, "train__evaluate_every": 1, "train__preview_every": 1}
    planned = plan(small_runs.config(root, **settings, train__metric="hash"), root / "run")
    assert (planned.items, planned.validation) == (2, 2)
    steps_alone = planned.step_seconds * planned.steps
    assert planned.seconds > 1.2 * steps_alone


def test_a_dry_run_changes_nothing_on_the_disk(root: Path, register_plugin: Any) -> None:
    register_plugin(HashPlugin(), "other:hash")
    settings = {"data__validation": 0.5, "train__evaluate_every": 1, "train__preview_every": 1}
    settings |= {"train__metric": "hash", "train__trackers": ["csv"]}
    config = small_runs.config(root, **settings)
    run = small_runs.train(config, root / "run").path

    def dry_runs(_: int) -> list[str]:  # in a process of its own: an audit hook stays
        events = record_writes()
        plans = [
            small_runs.train(config, root / "new", dry_run=True).plan,
            small_runs.train(config, root / "new", init=InitialWeights(run), dry_run=True).plan,
            small_runs.resume(run, steps=6, dry_run=True).plan,
            small_runs.resume(run, steps=6, fork=True, dry_run=True).plan,
            small_runs.resume(run, dry_run=True).plan,
        ]
        assert [bool(planned) for planned in plans] == [True] * 4 + [False]
        changes = [*events]
        (root / "marker").mkdir()
        assert len(events) == len(changes) + 1, "the hook records"
        return changes

    assert two_processes.run(dry_runs, world=1) == [[]]


def test_initial_weights_are_planned_with(root: Path) -> None:
    run = small_runs.train(small_runs.config(root, train__steps=1), root / "run").path
    planned = plan(small_runs.config(root), root / "new", init=InitialWeights(run))
    assert (planned.step, planned.path) == (0, root / "new")


def test_several_processes_take_the_same_steps(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__preview_every=1)

    def work(_: int) -> tuple[int, int, bool]:
        result = small_runs.train(config, root / "run", dry_run=True)
        assert result.plan
        return result.plan.steps, result.plan.items, (root / "run").exists()

    assert two_processes.run(work) == [(4, 4, False)] * 2


class Failing(TwoPlayers):
    def step(self, batch: Any) -> Any:  # noqa: ARG002
        raise ValueError("a bug")


class FailingPlugin:
    @hookimpl
    def register_recipes(self) -> Any:
        return {"failing": Failing}


def test_a_failure_promises_no_checkpoint(root: Path, register_plugin: Any) -> None:
    register_plugin(FailingPlugin())
    config = small_runs.config(root, "failing", data__domains=["a"])
    with pytest.raises(TrainingError, match=r"step 1.*a bug") as caught:
        small_runs.train(config, root / "run", dry_run=True)
    assert "resume" not in str(caught.value)
    assert not (root / "run").exists()


def test_compiled_code_is_not_cached(root: Path) -> None:
    progress = small_runs.ProgressRecorder()
    config = small_runs.config(root, train__compile=True)
    result = small_runs.train(config, root / "run", progress, dry_run=True)
    assert result.plan
    assert "a dry run is without train.compile" in str(progress)


@pytest.mark.parametrize(
    ("seconds", "enough"),
    [
        ([], False),
        ([1.0, 1.0], False),
        ([1.0, 1.0, 1.0], True),
        ([5.0], False),
        ([5.0, 5.0], True),
        ([0.1] * 40, True),
        ([0.2] * 20 + [0.1] * 20, False),
        ([2.0, 2.0, 1.0, 1.0], False),
        ([9.0, 4.0, 2.5], True),
        ([20.0], True),
    ],
)
def test_steps_are_timed_longer_where_their_times_have_not_settled(
    seconds: list[float], enough: bool
) -> None:
    assert is_enough(seconds) == enough
