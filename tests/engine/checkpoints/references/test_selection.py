"""The best value of a run is finite, and evaluations without improvement are counted."""

import math
from pathlib import Path

import small_runs

from translate.engine.checkpoints import read, retention
from translate.engine.checkpoints.contents import State
from translate.engine.checkpoints.references.selection import Selection
from translate.engine.disk.records import json_files


def test_a_larger_or_smaller_value_is_better_as_the_metric_declares() -> None:
    for better, values in (("max", [1.0, 2.0, 2.0, 1.5]), ("min", [2.0, 1.0, 1.0, 1.5])):
        selection = Selection(("psnr", better))  # type: ignore[arg-type]
        waited = []
        for step, value in enumerate(values, 1):
            selection = selection.with_evaluation(value, step)
            waited.append(selection.waited)
        assert waited == [0, 0, 1, 2]
        assert (selection.value, selection.step) == (values[1], 2)


def test_a_value_that_is_not_finite_is_never_the_best() -> None:
    selection = Selection(("kd", "min")).with_evaluation(math.nan, 1).with_evaluation(-math.inf, 2)
    assert selection == Selection(("kd", "min"), None, 0, 2)
    assert selection.plateau == "kd had no finite value in 2 evaluations"
    selection = selection.with_evaluation(0.03126, 3).with_evaluation(math.nan, 4)
    assert selection.best == "kd 0.03126 at step 3"
    assert selection.plateau == "no improvement in kd for 1 evaluation (best 0.03126 at step 3)"


def test_a_checkpoint_without_a_selection_has_none() -> None:
    facts = {"step": 1, "config": {}, "spec": {}, "optimizers": {}, "averaged": 0}
    facts |= {"processes": 1, "versions": {}}
    assert Selection.of(State.model_validate(facts)) is None
    selection = Selection(("psnr", "max"), value=20.5, step=4, waited=1)
    facts |= {"best": ["psnr", "max"], "selection": selection.document()}
    assert Selection.of(State.model_validate(facts)) == selection


def test_every_checkpoint_of_a_run_has_the_selection(image_folder: object, tmp_path: Path) -> None:
    image_folder("a", 4), image_folder("b", 4)  # type: ignore[operator]
    settings = {"data__layout": "paired", "data__validation": 0.25, "train__metric": "mae"}
    config = small_runs.config(tmp_path, train__evaluate_every=2, train__save_every=1, **settings)
    small_runs.train(config, tmp_path / "run")
    states = {
        step: json_files.read_record(path / "state.json", State)
        for step, path in retention.list_checkpoints(tmp_path / "run")
    }
    values = {step: state.metrics["mae"] for step, state in states.items() if state.metrics}
    assert 3 in states and 3 not in values, "step 3 is not evaluated"
    best_step = min(values, key=values.__getitem__)
    expected = Selection(("mae", "min"), values[best_step], best_step, (4 - best_step) // 2)
    assert Selection.of(states[4]) == expected
    assert read.read_checkpoint(retention.best_checkpoint(tmp_path / "run")).step == best_step
