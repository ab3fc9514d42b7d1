"""The command of a proposal continues the run."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import small_runs
from command_result import CommandResult
from failing_runs import FailingPlugin, translation_config

from translate.engine.diagnosis.detection import FAILURES, Detection
from translate.engine.plugins import discovery
from translate.insight.history import read_history
from translate.insight.proposals import propose

Run = Callable[..., CommandResult]


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("cyclegan", "restore")]


@pytest.fixture(params=["gan", *SLOW])
def any_run(
    request: pytest.FixtureRequest, image_folder: Callable[..., Path], tmp_path: Path
) -> Path:
    """Return a finished run of 4 steps of a recipe."""
    for domain in "ab":
        image_folder(domain, 4)
    network = {"name": "mlp", "width": 8, "layers": 1}
    flags = {
        "cyclegan": {},
        "gan": {"options__generator": network, "options__discriminator": network},
        "restore": {"options__generator": small_runs.RESNET},
    }[request.param]
    if request.param != "cyclegan":
        flags |= {"data__domains": ["a"], "data__size": 16, "train__batch_size": 4}
    config = small_runs.config(tmp_path, request.param, train__log_every=1, **flags)
    small_runs.train(config, tmp_path / "run")
    return tmp_path / "run"


def test_every_command_that_is_proposed_trains(any_run: Path, run_command: Run) -> None:
    history, commands = read_history(any_run), set[str]()
    for failure in FAILURES:
        for subject in ("discriminator", "generator", "samples"):
            proposal = propose(Detection(failure, 3, "", 0.0, subject), history)
            if proposal.command:
                assert proposal.option in proposal.command or "--steps" in proposal.command
                commands.add(proposal.command)
    assert len(commands) >= 6
    for number, command in enumerate(sorted(commands)):
        program, *words = shlex.split(command)
        assert program == "translate"
        if "--resume" not in words or "--fork-run" in words:
            words += ["--out", str(any_run.parent / f"next-{number}")]
        result = run_command(*words, "--quiet")
        assert result.code == 0, (command, result.err)


def commands_for(run: Path, failure: str, subject: str = "", since: int = 1) -> str:
    return propose(Detection(failure, since, "", 0.0, subject), read_history(run)).command


def test_a_run_is_forked_if_all_its_weights_fit(small_run: Path) -> None:
    command = commands_for(small_run, "discriminator saturated", "discriminators")
    assert command == (
        f"translate train --resume {small_run} --fork-run --steps 20 --set "
        "'options.adversarial={name: lsgan, label_smoothing: 0.1}'"
    )


def test_other_networks_are_initialised_with_the_weights_that_fit(small_run: Path) -> None:
    command = commands_for(small_run, "checkerboard artifacts", "source to target")
    assert command.startswith(f"translate train --init {small_run} --set 'options.generator={{")
    assert "upsample: resize" in command


def test_a_setting_without_effect_on_the_weights_needs_no_fork(small_run: Path) -> None:
    command = commands_for(small_run, "waiting for data")
    assert command.startswith(
        f"translate train --resume {small_run} --steps 20 --set data.workers="
    )


def test_weights_that_a_failure_destroyed_are_not_used(small_run: Path) -> None:
    command = commands_for(small_run, "diverging loss", "generators", since=3)
    assert command == (
        f"translate train --config {small_run}/config.yaml --set train.clip_norm=1.0"
    )
    command = commands_for(small_run, "diverging loss", "generators", since=11)
    assert command.startswith(f"translate train --init {small_run}@10 --set ")


def test_a_run_without_its_configuration_has_no_proposal(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("")
    assert commands_for(tmp_path, "mode collapse") == ""


def test_a_run_without_its_plugin_has_no_proposal(
    image_folder: Callable[..., Path], tmp_path: Path, register_plugin: Callable[..., object]
) -> None:
    register_plugin(FailingPlugin(), "other:failing")
    image_folder("a", 4)
    image_folder("b", 4)
    small_runs.train(translation_config(tmp_path, "framed", train__steps=4), tmp_path / "run")
    discovery.load().unregister(name="other:failing")
    history = read_history(tmp_path / "run")
    detection = Detection("mode collapse", 1, "", 0.0, "source to target")
    assert propose(detection, history) == propose(detection, history) == ("", "")
    (line,) = [line for line in history.omissions if "test-framed" in line]
    assert line.startswith("no setting can be proposed: no generator is called 'test-framed'")
    register_plugin(FailingPlugin(), "other:failing")
