"""The benchmark of configurations: its measurements, and the table that it writes."""

import os
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from translate.engine.config import layers


@pytest.fixture
def config_costs(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("config_costs")


@pytest.fixture
def config_times(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("config_times")


def test_costs_are_medians_without_the_warm_up(config_costs: ModuleType) -> None:
    time = 103.0
    events = [("checkpoint", 0, time)]
    for number, seconds_a_step in enumerate([9.0, 1.0, 2.0, 6.0], start=1):
        for event, seconds in (
            ("logged", 10 * seconds_a_step),
            ("preview", 0.5),
            ("checkpoint", 0.25),
        ):
            time += seconds
            events.append((event, 10 * number, time))
    assert config_costs.costs_of(events, 100.0, time + 4, 10) == (2.0, 0.5, 0.25, 7.0)


def test_previews_and_checkpoints_after_the_last_step_are_counted(
    config_times: ModuleType,
) -> None:
    assert [config_times.count_events(steps, 1000) for steps in (1000, 1001, 2500)] == [1, 2, 3]
    assert config_times.count_events(2500, 0) == 0


def test_warm_up_steps_and_later_steps_are_measured_separately(
    config_times: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def measure_costs(*arguments: object) -> tuple:
        *_, extra = arguments
        calls.append(extra)
        return config_times.config_costs.Costs(3.0 if extra else 1.0, 10.0, 100.0, 5.0)

    monkeypatch.setattr(config_times.config_costs, "measure_costs", measure_costs)
    arguments = config_times.argparse.Namespace(interval=None, intervals=2)
    config = layers.resolve(None, config="srgan-small")
    steps, warm_up = config.train.steps, config.options["pretrain_steps"]
    result = config_times.measure_part("srgan-small", arguments)
    assert calls == [[], ["--set", "options.pretrain_steps=0"]]
    previews = config_times.count_events(steps, config.train.preview_every)
    checkpoints = config_times.count_events(steps, config.train.save_every)
    expected = 5 + warm_up + 3 * (steps - warm_up) + 10 * previews + 100 * checkpoints
    assert result.seconds == expected and not result.full


def test_every_small_configuration_has_its_command_in_the_header(config_times: ModuleType) -> None:
    names = config_times.small_configurations()
    assert "cyclegan-small" in names and "gan-mnist" in names and "wgan-lsun" not in names
    assert "pix2pix-facades-small" in names and "cgan-mnist-paper" not in names
    for name in names:
        assert config_times.train_command(name)[:3] == ["train", "--config", name]


def test_the_table_of_configurations_matches_the_stored_measurements(
    config_times: ModuleType,
) -> None:
    results = config_times.read_results()
    page = config_times.README.read_text()
    assert page == config_times.with_table(page, results), (
        "python benchmarks/config_times.py --table-only"
    )
    steps = {name: layers.resolve(None, config=name).train.steps for name in results}
    assert {name: result.steps for name, result in results.items()} == steps


def test_a_table_is_not_written_on_a_busy_machine(
    config_times: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 0.0, 0.0))
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(sys, "argv", ["config_times.py", "--write"])
    with pytest.raises(SystemExit, match=r"the load average is 1\.50: expected at most 0\.5"):
        config_times.main()


def test_a_row_shows_whether_the_whole_run_was_measured(config_times: ModuleType) -> None:
    result = config_times.Result(2500, 276.0, False, {}, {})
    assert config_times.row("cyclegan-small", result) == {
        "configuration": "`cyclegan-small`",
        "steps": 2500,
        "time": "4 min 35 s",
        "measured": "some steps, extrapolated",
    }
    full_run = config_times.row("cyclegan-small", result._replace(full=True))
    assert full_run["measured"] == "the whole run"


@pytest.mark.slow
def test_the_events_of_a_timed_run_are_in_order(config_times: ModuleType) -> None:
    config_times.draw_sample_domains("cyclegan-small")
    flags = ["--steps", "4", "--size", "32", "--set", "data.resize=32"]
    for key in ("log_every", "preview_every", "save_every"):
        flags += ["--set", f"train.{key}=2"]
    events, start, end = config_times.timed_run("cyclegan-small", flags)
    kinds = ["logged", "preview", "checkpoint"]
    expected = [("checkpoint", 0), *((kind, step) for step in (2, 4) for kind in kinds)]
    assert [(event, step) for event, step, _ in events] == expected
    times = [start, *(time for _, _, time in events), end]
    assert times == sorted(times)
