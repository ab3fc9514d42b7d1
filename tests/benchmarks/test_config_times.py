"""What the benchmark of configurations makes of its measurements, and the table that it writes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from translate.engine.config import layers

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    yield import_module("config_times")
    for name in ("config_times", "tables"):
        sys.modules.pop(name, None)


def test_costs_are_medians_without_the_warm_up(times: ModuleType) -> None:
    events = [("checkpoint", 0, 103.0)]
    at = 103.0
    for number, per_step in enumerate([9.0, 1.0, 2.0, 6.0], start=1):
        at += 10 * per_step
        events.append(("logged", 10 * number, at))
        at += 0.5
        events.append(("preview", 10 * number, at))
        at += 0.25
        events.append(("checkpoint", 10 * number, at))
    assert times.costs_of(events, 100.0, at + 4, 10) == (2.0, 0.5, 0.25, 7.0)


def test_what_is_due_every_so_many_steps_is_also_due_after_the_last(times: ModuleType) -> None:
    assert [times.times_due(steps, 1000) for steps in (1000, 1001, 2500)] == [1, 2, 3]
    assert times.times_due(2500, 0) == 0


def test_steps_after_a_warm_up_are_measured_on_their_own(
    times: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def measured(*given: object) -> tuple:
        *_, extra = given
        calls.append(extra)
        return times.Costs(3.0 if extra else 1.0, 10.0, 100.0, 5.0)

    monkeypatch.setattr(times, "measured_costs", measured)
    arguments = times.argparse.Namespace(interval=None, intervals=2)
    train = layers.resolve(None, config="srgan-small")
    steps, warm_up = train.train.steps, train.options["pretrain_steps"]
    result = times.measure_part("srgan-small", arguments)
    assert calls == [[], ["--set", "options.pretrain_steps=0"]]
    previews = times.times_due(steps, train.train.preview_every)
    checkpoints = times.times_due(steps, train.train.save_every)
    expected = 5 + warm_up + 3 * (steps - warm_up) + 10 * previews + 100 * checkpoints
    assert result.seconds == expected and not result.full


def test_every_small_configuration_says_how_it_is_trained(times: ModuleType) -> None:
    names = times.small_configurations()
    assert "cyclegan-small" in names and "gan-mnist" in names and "wgan-lsun" not in names
    assert "pix2pix-facades-small" in names and "cgan-mnist-paper" not in names
    for name in names:
        assert times.train_command(name)[:3] == ["train", "--config", name]


def test_the_table_of_configurations_is_what_was_measured_of_them_as_they_are(
    times: ModuleType,
) -> None:
    results = times.read_results()
    page = times.README.read_text()
    assert page == times.with_table(page, results), "python benchmarks/config_times.py --table-only"
    steps = {name: layers.resolve(None, config=name).train.steps for name in results}
    assert {name: result.steps for name, result in results.items()} == steps


def test_a_table_is_not_written_on_a_busy_machine(
    times: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 0.0, 0.0))
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(sys, "argv", ["config_times.py", "--write"])
    with pytest.raises(SystemExit, match=r"the load average is 1\.50: expected at most 0\.5"):
        times.main()


def test_a_row_says_whether_the_whole_run_was_measured(times: ModuleType) -> None:
    result = times.Result(2500, 276.0, False, {}, {})
    assert times.row("cyclegan-small", result) == {
        "configuration": "`cyclegan-small`",
        "steps": 2500,
        "time": "4 min 35 s",
        "measured": "some steps, extrapolated",
    }
    whole = times.row("cyclegan-small", result._replace(full=True))
    assert whole["measured"] == "the whole run"


@pytest.mark.slow
def test_the_events_of_a_run_come_in_order_from_a_plugin_of_its_process_alone(
    times: ModuleType,
) -> None:
    times.draw_sample_domains("cyclegan-small")
    small = ["--steps", "4", "--size", "32", "--set", "data.resize=32"]
    for key in ("log_every", "preview_every", "save_every"):
        small += ["--set", f"train.{key}=2"]
    events, begin, end = times.timed_run("cyclegan-small", small)
    kinds = ["logged", "preview", "checkpoint"]
    expected = [("checkpoint", 0), *((kind, step) for step in (2, 4) for kind in kinds)]
    assert [(event, step) for event, step, _ in events] == expected
    moments = [begin, *(at for _, _, at in events), end]
    assert moments == sorted(moments)
