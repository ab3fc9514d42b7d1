"""The plan of a dry run: what it counts, also operations; that nothing is written; and errors."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import two_processes
from audit_events import record_writes
from hash_metric import HashPlugin
from two_player_recipe import TwoPlayers

from translate import hookimpl
from translate.engine.checkpoints import retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.training.plan import FlopCounter, is_enough
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


def test_a_resumed_run_is_planned_from_its_step_and_a_complete_run_has_no_plan(root: Path) -> None:
    run = small_runs.train(small_runs.config(root, train__steps=2), root / "run").path
    result = small_runs.resume(run, steps=5, dry_run=True)
    assert result.plan and (result.step, result.plan.step, result.plan.steps) == (2, 2, 5)
    complete = small_runs.resume(run, dry_run=True)
    assert (complete.step, complete.plan) == (2, None)


EVERY_OUTPUT = {
    "data__validation": 0.5,
    "train__metric": "hash",
    "train__evaluate_every": 1,
    "train__preview_every": 1,
}
"""settings of a run that evaluates and draws a preview after each step"""


def test_previews_and_evaluations_are_part_of_the_time(root: Path, register_plugin: Any) -> None:
    register_plugin(HashPlugin(), "other:hash")
    planned = plan(small_runs.config(root, **EVERY_OUTPUT), root / "run")
    assert (planned.items, planned.validation) == (2, 2)
    assert planned.seconds > 1.2 * planned.step_seconds * planned.steps


def test_a_dry_run_changes_nothing_on_the_disk(root: Path, register_plugin: Any) -> None:
    register_plugin(HashPlugin(), "other:hash")
    config = small_runs.config(root, **EVERY_OUTPUT, train__trackers=["csv"])
    run = small_runs.train(config, root / "run").path

    def dry_runs(_: int) -> list[str]:  # in its own process, as an audit hook cannot be removed
        events = record_writes()
        plans = [
            small_runs.train(config, root / "new", dry_run=True).plan,
            small_runs.train(config, root / "new", init=InitialWeights(run), dry_run=True).plan,
            small_runs.resume(run, steps=6, dry_run=True).plan,
            small_runs.resume(run, steps=6, fork_run=True, dry_run=True).plan,
            small_runs.resume(run, dry_run=True).plan,
        ]
        assert [bool(planned) for planned in plans] == [True] * 4 + [False]
        changes = [*events]
        (root / "marker").mkdir()
        assert len(events) == len(changes) + 1, "the audit hook records writes"
        return changes

    assert two_processes.run(dry_runs, world=1) == [[]]


def test_a_run_with_initial_weights_is_planned_from_step_0(root: Path) -> None:
    run = small_runs.train(small_runs.config(root, train__steps=1), root / "run").path
    planned = plan(small_runs.config(root), root / "new", init=InitialWeights(run))
    assert (planned.step, planned.path) == (0, root / "new")


def test_the_plans_of_two_processes_are_equal(root: Path) -> None:
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


def test_the_error_of_a_failed_dry_run_names_no_checkpoint_to_resume(
    root: Path, register_plugin: Any
) -> None:
    register_plugin(FailingPlugin())
    config = small_runs.config(root, "failing", data__domains=["a"])
    with pytest.raises(TrainingError, match=r"step 1.*a bug") as caught:
        small_runs.train(config, root / "run", dry_run=True)
    assert "resume" not in str(caught.value)
    assert not (root / "run").exists()


def test_a_dry_run_does_not_compile_networks(root: Path) -> None:
    progress = small_runs.ProgressRecorder()
    plan(small_runs.config(root, train__compile=True), root / "run", progress=progress)
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
def test_steps_are_timed_for_3_s_and_for_15_s_if_early_and_late_steps_differ(
    seconds: list[float], enough: bool
) -> None:
    assert is_enough(seconds) == enough


def test_a_product_of_matrices_has_two_operations_for_each_number() -> None:
    with FlopCounter() as counter:
        torch.ones(3, 5) @ torch.ones(5, 7) + 1
    assert counter.flops == 2 * 3 * 5 * 7


def test_a_convolution_is_counted_forward_and_backward() -> None:
    images, weight = torch.ones(2, 3, 8, 8), torch.ones(4, 3, 3, 3, requires_grad=True)
    forward = 2 * (2 * 4 * 6 * 6) * (3 * 3 * 3)
    with FlopCounter() as counter:
        torch.conv2d(images, weight).sum().backward()
    assert counter.flops == 2 * forward, "images need no gradient"


def test_the_gradient_of_a_gradient_is_counted_as_in_a_gradient_penalty() -> None:
    layer, inputs = torch.nn.Linear(5, 7), torch.ones(3, 5, requires_grad=True)
    with FlopCounter() as counter:
        (gradient,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
        gradient.square().sum().backward()
    assert counter.flops == 3 * (2 * 3 * 5 * 7), "output, gradient of the inputs and of the weight"
