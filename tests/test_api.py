"""Training by the Python interface: settings, resume, progress and dry runs."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import small_runs
from run_files import run_record
from train_command import saved_settings

from translate.api import ProgressReporter, TrainingResult, train
from translate.engine.training.monitoring import progress_bar
from translate.errors import ConfigError


@pytest.fixture
def root(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the fixture `root` in conftest.py, as the working directory."""
    monkeypatch.chdir(root)
    return root


def training(**changes: Any) -> TrainingResult:
    """Train a small CycleGAN for two steps, with `changes` of the arguments of `train`."""
    arguments = {
        "domains": ["a", "b"],
        "data": {"root": ".", "size": 16, "flip": False},
        "options": {"generator": small_runs.RESNET, "discriminator": small_runs.PATCH, "lr": 1e-3},
        "settings": {"train.preview_every": 0},
        "steps": 2,
        "device": "cpu",
        "progress": False,
    }
    return train("cyclegan", **{**arguments, **changes})


def test_a_dry_run_returns_a_plan(root: Path) -> None:
    result = training(dry_run=True)
    assert result.plan and (result.plan.images, result.plan.steps) == ({"a": 4, "b": 4}, 2)
    assert not result.path.exists() and sorted(p.name for p in root.iterdir()) == ["a", "b"]


@pytest.mark.usefixtures("root")
def test_three_forms_of_settings_and_the_mappings_of_sections_are_saved_in_the_config() -> None:
    forms: list[Any] = [
        {"train.preview_every": 0, "train.log_every": 7},
        ["train.preview_every=0", "train.log_every=7"],
        {"train": {"preview_every": 0, "log_every": 7}},
    ]
    runs = [training(settings=form, out=f"run{i}").path for i, form in enumerate(forms)]
    configs = [saved_settings(run) for run in runs]
    assert configs[0] == configs[1] == configs[2]
    assert configs[0]["train"]["log_every"] == 7
    assert (configs[0]["data"]["flip"], configs[0]["data"]["size"]) == (False, 16)
    assert configs[0]["options"]["lr"] == 1e-3
    assert configs[0]["options"]["generator"] == small_runs.RESNET


@pytest.mark.usefixtures("root")
def test_an_unknown_setting_or_option_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"lr: unknown key\. Did you mean the setting options.lr"):
        training(settings={"lr": 1e-4})
    with pytest.raises(ConfigError, match="no option 'lrr'"):
        training(options={"lrr": 1e-4})


@pytest.mark.usefixtures("root")
def test_a_run_is_resumed_forked_and_fine_tuned() -> None:
    run = training(out="run").path
    assert train(resume=run, steps=3, progress=False).step == 3
    fork = train(resume=run, fork_run=True, steps=4, options={"lr": 1e-5}, progress=False)
    assert (fork.path, fork.step) == (Path("run-fork"), 4)
    assert saved_settings(fork.path)["options"]["lr"] == 1e-5
    tuned = train(init=run, steps=1, out="tuned", progress=False)
    assert run_record(tuned.path)["init"]["run"] == "run"
    assert saved_settings(tuned.path)["options"]["generator"] == small_runs.RESNET


@pytest.mark.usefixtures("root")
def test_resume_auto_starts_a_run_and_then_continues_it() -> None:
    for steps in (1, 2):
        assert training(out="run", resume="auto", steps=steps).step == steps
    with pytest.raises(ConfigError, match="continues the run in --out, or starts it: add --out"):
        training(resume="auto")


def test_arguments_that_contradict_resume_are_refused() -> None:
    with pytest.raises(ConfigError, match="takes all settings from the run: leave out --plugin"):
        train("cyclegan", resume="run")
    with pytest.raises(ConfigError, match="leave out --out"):
        train(resume="run", out="other")


@pytest.mark.usefixtures("root")
def test_progress_is_printed_hidden_or_passed_to_a_reporter(capsys: Any) -> None:
    training(out="quiet")
    assert capsys.readouterr() == ("", "")
    training(out="shown", progress=True)
    assert "0 s left  step 2/2  generators " in capsys.readouterr().out

    class StepReporter(ProgressReporter):
        calls: list[tuple[int, int]] = []

        def step(self, step: int, steps: int) -> None:
            self.calls.append((step, steps))

    training(out="mine", progress=StepReporter())
    assert StepReporter.calls == [(1, 2), (2, 2)]
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("root")
def test_a_notebook_shows_one_line_and_updates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython is not installed here: a stub records what a cell would show."""
    displayed: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], *, raw: bool) -> None:
            assert raw
            displayed[-1] = data["text/plain"]

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw and display_id
        displayed.append(data["text/plain"])
        return Handle()

    ipython, display_module = ModuleType("IPython"), ModuleType("IPython.display")
    # the class of Jupyter's shell: by its name `in_notebook` recognizes a notebook
    ipython.get_ipython = lambda: type("ZMQInteractiveShell", (), {})()  # type: ignore[attr-defined]
    display_module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display_module)
    training(out="noted", progress=True)
    (line,) = displayed
    assert line.startswith("0 s left █") and " 2/2  generators " in line
    assert len(line) <= progress_bar.WIDEST
