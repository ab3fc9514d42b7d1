"""`translate train` as a user types it, with what is said and the code that a script sees."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from disk_faults import FaultyDisk, no_space

from translate import hookimpl
from translate.engine.config import yaml
from translate.engine.disk import json_files

Run = Callable[..., Any]
SMALL = [
    "--set",
    "options.generator={name: resnet, width: 2, blocks: 1, downsamplings: 1}",
    "--set",
    "options.discriminator={name: patch, width: 2, layers: 1}",
    "--size",
    "16",
    "--device",
    "cpu",
    "--set",
    "train.preview_every=0",
]
TINY = [
    "train",
    "--plugin",
    "cyclegan",
    "--domains",
    "a",
    "b",
    "--data",
    ".",
    "--steps",
    "2",
    *SMALL,
]


@pytest.fixture(autouse=True)
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    image_folder("a", 4), image_folder("b", 4)
    return tmp_path


def settings(run: Path) -> dict[str, Any]:
    return yaml.read(str(run / "config.yaml"))


# -- from the beginning ----------------------------------------------------------------------------


def test_a_run_is_trained_numbered_and_gone_on_with(run_command: Run, root: Path) -> None:
    for name in ("cyclegan-a-b", "cyclegan-a-b-2", "cyclegan-a-b-3"):
        found = run_command(*TINY)
        assert (found.code, found.err) == (0, "")
        assert small_runs.checkpoint_steps(root / "runs" / name) == [0, 2]
    lines = found.out.splitlines()
    assert re.fullmatch(
        r"0 s left  step 2/2  generators [\d.]+  discriminators [\d.]+  [\d.]+ images/s.*", lines[0]
    )
    assert len(lines[0]) <= 80
    again = run_command("train", "--resume", "runs/cyclegan-a-b", "--steps", "3")
    assert again.code == 0
    assert again.out.splitlines()[0] == "resuming runs/cyclegan-a-b from step 2"
    assert small_runs.checkpoint_steps(root / "runs/cyclegan-a-b") == [2, 3]
    finished = run_command("train", "--resume", "runs/cyclegan-a-b")
    assert finished.code == 0
    assert finished.out == (
        "runs/cyclegan-a-b is complete: 3 steps. --steps N with a larger N continues it.\n"
    )


@pytest.mark.parametrize(
    "domains",
    [["--domains", "a", "b"], ["--domains=a", "b"], ["--domains", "a", "--domains", "b"]],
)
def test_domains_are_given_in_any_way_and_at_the_end_of_the_line(
    domains: list[str], run_command: Run, root: Path
) -> None:
    found = run_command(*TINY[:3], *TINY[6:], "--out", "run", *domains)
    assert found.code == 0, found.err
    assert settings(root / "run")["data"]["domains"] == ["a", "b"]


def test_every_flag_reaches_its_setting(run_command: Run, root: Path) -> None:
    found = run_command(
        *TINY,
        "--out",
        "run",
        "--batch-size",
        "2",
        "--seed",
        "5",
        "--precision",
        "bf16",
        "--drop-unpaired",
        "--set",
        "data.layout=paired",
        "--size",
        "16x32",
        "--set",
        "train.log_every=1",
        "--set",
        "options.lr=1e-3",
    )
    assert found.code == 0, found.err
    asked = settings(root / "run")
    train, data = asked["train"], asked["data"]
    assert (train["batch_size"], train["seed"], train["precision"]) == (2, 5, "bf16")
    assert (data["size"], data["root"]) == ([16, 32], ".")
    assert data["layout"] == {"name": "paired", "drop_unpaired": True}
    assert (train["steps"], "epochs" in train, train["log_every"]) == (2, False, 1)
    assert asked["options"]["lr"] == 1e-3
    assert json.loads((root / "run/run.json").read_bytes())["seed"] == 5


def test_a_configuration_file_is_enough_and_flags_win_over_it(run_command: Run, root: Path) -> None:
    asked = small_runs.config(Path(), train__steps=3)
    (root / "mine.yaml").write_text(yaml.dump(asked))
    assert run_command("train", "--config", "mine.yaml").code == 0
    assert small_runs.checkpoint_steps(root / "runs/cyclegan-a-b") == [0, 3]
    assert (
        run_command("train", "--config", "mine.yaml", "--epochs", "1", "--out", "other").code == 0
    )
    assert settings(root / "other")["train"]["epochs"] == 1
    assert small_runs.checkpoint_steps(root / "other") == [0, 4]


def test_quiet_prints_nothing(run_command: Run, run_subprocess: Run) -> None:
    found = run_command(*TINY, "--quiet", "--out", "run")
    assert found == (0, "", "")
    found = run_command("train", "--resume", "run", "--quiet")
    assert found == (0, "", "")
    done = run_subprocess(*TINY, "--quiet")  # with what libraries might say
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_pipe_gets_plain_lines_and_no_colour(run_command: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("FORCE_COLOR", "")
    monkeypatch.setenv("NO_COLOR", "1")
    done = run_command(*TINY, "--set", "train.log_every=1")  # whose standard output is no terminal
    assert (done.code, done.err) == (0, "")
    steps = [line.split("  ")[1] for line in done.out.splitlines()[:2]]
    assert steps == ["step 1/2", "step 2/2"]
    assert "\x1b" not in done.out


def test_paths_in_messages_are_printed_as_they_are(run_command: Run) -> None:
    name = "[bold]run[/bold]-" + "x" * 100
    run_command(*TINY, "--out", name)
    found = run_command("train", "--resume", name)
    assert found.out.startswith(f"{name} is complete: ")
    assert found.out.count("\n") == 1


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*TINY, "--domains"], "Option '--domains' requires an argument."),
        ([*TINY[:3], "--domains", *TINY[6:]], "Option '--domains' requires an argument."),
        ([*TINY, "--epochs", "3"], "--steps and --epochs say the same thing: give one of them."),
        ([*TINY, "--size", "big"], "expected N or HEIGHTxWIDTH, got 'big'."),
        ([*TINY, "--precision", "fp16"], "'fp16' is not one of 'fp32', 'bf16'."),
        (
            ["train", "--resume", "run", "--plugin", "cyclegan", "--out", "other"],
            "leave out --plugin, --out.",
        ),
        (["train", "--resume", "run", "--config", "x", "--fork-run"], "leave out --config."),
        ([*TINY, "--fork-run"], "--fork-run is for --resume."),
        ([*TINY, "--lr", "1e-4"], "No such option: --lr. Did you mean the setting options.lr of"),
        ([*TINY, "--cycle-weight=5"], "Write --set options.cycle_weight=VALUE."),
        (["train", "--config", "cgan-mnist", "--lr", "1"], "options.lr_generator"),
        (["train", "--domains", "a", "b", "--lr", "1"], "Write --set options.lr=VALUE."),
        ([*TINY, "--log-every", "9"], "Did you mean the setting train.log_every?"),
        ([*TINY, "--batch_size", "2"], "No such option: --batch_size. Did you mean --batch-size?"),
        ([*TINY, "--stepps", "9"], "No such option '--stepps'"),
        (["train", "--resume", "run", "--steps", "3", "--epochs", "3"], "say the same thing"),
    ],
)
def test_usage_errors_say_what_to_leave_out(
    arguments: list[str], said: str, run_command: Run
) -> None:
    found = run_command(*arguments)
    assert (found.code, found.out) == (2, "")
    assert said in " ".join(found.err.split())


def test_a_taken_output_is_refused_naming_resume(run_command: Run, root: Path) -> None:
    run_command(*TINY, "--out", "run")
    before = sorted(p.stat().st_mtime_ns for p in (root / "run").rglob("*"))
    found = run_command(*TINY, "--out", "run")
    assert (found.code, found.out) == (2, "")
    assert found.err == (
        "Error: run already holds a run. Resume it with --resume run, "
        "or choose another folder with --out.\n"
    )
    assert sorted(p.stat().st_mtime_ns for p in (root / "run").rglob("*")) == before


def test_an_output_that_cannot_be_written_to_is_exit_2(run_command: Run, root: Path) -> None:
    (root / "file").write_text("mine")
    found = run_command(*TINY, "--out", "file/run")
    assert found.code == 2
    assert found.err == "Error: cannot write to file/run: Not a directory.\n"
    found = run_command(*TINY, "--out", "file")
    assert found.code == 2
    assert "Traceback" not in found.err


def test_a_disk_that_is_full_is_exit_6(
    run_command: Run, monkeypatch: pytest.MonkeyPatch, register_plugin: Callable[..., object]
) -> None:
    disk = FaultyDisk(monkeypatch)

    class Filler:
        @hookimpl
        def losses_logged(self) -> None:
            disk.arm(1, no_space, always=True)

    register_plugin(Filler(), "stranger:filler")
    found = run_command(*TINY, "--out", "run")
    disk.disarm()
    assert found.code == 6
    assert found.err == "Error: could not save step 2: No space left on device\n"
    assert "could not write run/run.json: No space left on device" in found.out


@pytest.mark.parametrize("name", ["typo", "a", "."])
def test_resuming_what_is_no_run_is_exit_2(name: str, run_command: Run, root: Path) -> None:
    before = sorted(root.rglob("*"))
    found = run_command("train", "--resume", name)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("Error: ") and found.err.count("\n") == 1
    assert sorted(root.rglob("*")) == before


def test_a_corrupt_file_is_counted_and_exit_3(run_command: Run, root: Path) -> None:
    (root / "a/bad.png").write_text("<html>")
    found = run_command(*TINY, "--out", "run", "--set", "data.max_bad=0.5")
    assert found.code == 3
    assert found.out.splitlines()[-1] == "1 listed in run/problems.jsonl"
    assert found.out.splitlines()[0].startswith("left out: a/bad.png: ")


def test_too_many_corrupt_files_are_exit_5_and_none_usable_is_exit_2(
    run_command: Run, root: Path
) -> None:
    for count in (1, 2, 3):
        (root / f"a/bad{count}.png").write_text("<html>")
    found = run_command(*TINY, "--out", "run")
    assert found.code == 5
    assert found.err.startswith("Error: 3 of 11 images cannot be read")
    for path in (*(root / "a").iterdir(), *(root / "b").iterdir()):
        path.write_text("")
    assert run_command(*TINY, "--out", "run").code == 2
    assert not (root / "run").exists()


# -- what a person sees ----------------------------------------------------------------------------


@pytest.mark.usefixtures("root")
def test_time_is_given_in_units_and_what_is_said_at_its_end_goes_on(run_command: Run) -> None:
    outcome = run_command(*TINY, "--out", "run", "--max-time", "0.001s")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == "time is up at step 1: translate train --resume run"
    assert run_command("train", "--resume", "run", "--max-time", "1d2h3m").code == 0
    assert run_command("train", "--resume", "run", "--max-time", "soon").code == 2


@pytest.mark.usefixtures("root")
def test_a_changed_data_set_is_accepted_for_a_resume_only(run_command: Run) -> None:
    assert "is for --resume" in run_command(*TINY, "--accept-data-change").err


# -- a resume with other settings ------------------------------------------------------------------


@pytest.mark.usefixtures("root")
def test_T14_a_resume_says_what_differs_and_refuses_what_makes_another_run(
    run_command: Run, root: Path
) -> None:
    run_command(*TINY, "--out", "run")
    weights = small_runs.checkpoint_tensors(root / "run")
    found = run_command(
        *("train", "--resume", "run", "--steps", "3", "--set", "train.log_every=1"),
        *("--set", "data.workers=0"),
    )
    assert (found.code, found.err) == (0, "")
    assert "train.log_every: 50 -> 1\n" in found.out
    assert "data.workers" not in found.out  # it is what it was
    assert settings(root / "run")["train"]["log_every"] == 1

    weights = small_runs.checkpoint_tensors(root / "run")
    for arguments, said in (
        (["--set", "options.cycle_weight=5"], "options.cycle_weight: 10.0 -> 5.0: "),
        (["--seed", "7", "--batch-size", "2"], "train.batch_size: 1 -> 2; train.seed: 0 -> 7: "),
        (["--set", "options.generator.blocks=2"], "options.generator.blocks: 1 -> 2: "),
        (["--domains", "b", "a"], "data.domains: ['a', 'b'] -> ['b', 'a']: "),
    ):
        refused = run_command("train", "--resume", "run", "--steps", "9", *arguments)
        assert refused.code == 2
        assert f"{said}this would be another run." in " ".join(refused.err.split())
        assert "--fork-run" in refused.err
    assert run_command("train", "--resume", "run", "--set", "train.sed=1").code == 2
    assert small_runs.checkpoint_tensors(root / "run") == weights


@pytest.mark.usefixtures("root")
def test_a_change_of_bits_alone_is_said(run_command: Run) -> None:
    run_command(*TINY, "--out", "run")
    found = run_command(
        "train", "--resume", "run", "--steps", "3", "--deterministic", "--device", "cpu"
    )
    assert found.code == 0
    assert (
        "train.deterministic: False -> True: training continues, but not bit for bit" in found.out
    )


@pytest.mark.usefixtures("root")
def test_a_fork_goes_on_from_the_same_weights_in_a_folder_of_its_own(
    run_command: Run, root: Path
) -> None:
    run_command(*TINY, "--out", "run")
    before = {p: p.read_bytes() for p in (root / "run").rglob("*") if p.is_file()}
    fork = ("train", "--resume", "run", "--fork-run", "--steps", "4")
    found = run_command(*fork, "--set", "options.cycle_weight=5", "--batch-size", "2")
    assert (found.code, found.err) == (0, "")
    assert "options.cycle_weight: 10.0 -> 5.0: from here on, as this is a fork" in found.out
    assert "resuming run from step 2 in run-fork" in found.out
    assert small_runs.checkpoint_steps(root / "run-fork")[-1] == 4
    assert settings(root / "run-fork")["options"]["cycle_weight"] == 5.0
    assert {p: p.read_bytes() for p in (root / "run").rglob("*") if p.is_file()} == before
    assert run_command(*fork, "--quiet").code == 0
    assert small_runs.checkpoint_steps(root / "run-fork-2")[-1] == 4
    assert run_command(*fork, "--out", "mine", "--quiet").code == 0
    assert run_command(*fork, "--out", "mine").code == 2
    assert small_runs.checkpoint_steps(root / "mine")[0] == 2, (
        "a fork that is killed at once goes on by itself"
    )
    misfit = run_command(*fork, "--set", "options.generator.width=5")
    assert misfit.code == 2
    assert "does not fit CycleGAN: " in misfit.err


def log(run: Path) -> list[dict[str, Any]]:
    return json_files.read_lines(run / "log.jsonl")


@pytest.mark.usefixtures("root")
def test_T26_a_fork_trains_at_the_rate_that_it_says(run_command: Run, root: Path) -> None:
    run_command(*TINY, "--out", "run")
    fork = ("train", "--resume", "run", "--fork-run", "--out", "fork", "--steps", "4")
    found = run_command(*fork, "--set", "options.lr=1e-6", "--set", "train.schedule=constant",
                "--set", "train.log_every=1")  # fmt: skip
    assert "options.lr: 0.0002 -> 1e-06: from here on, as this is a fork\n" in found.out
    assert "the learning rate falls from 1e-04 to 1e-06\n" in found.out
    rates = [line["lr"] for line in log(root / "fork")]
    assert rates == [{"generators": 1e-6, "discriminators": 1e-6}] * 2
    assert settings(root / "fork")["options"]["lr"] == 1e-6


@pytest.mark.usefixtures("root")
def test_case_24_more_steps_that_raise_a_fallen_rate_say_so_and_how_to_keep_it(
    run_command: Run, root: Path
) -> None:
    run_command(*TINY, "--out", "run")
    shutil.copytree(root / "run", root / "kept")
    more = ("--steps", "4", "--set", "train.log_every=1")
    found = run_command("train", "--resume", "run", *more)
    assert (
        "the learning rate goes back from 1e-04 to 1.3e-04: the schedule now ends at step 4; "
        "--set train.schedule_steps=2 keeps the schedule of 2 steps\n"
    ) in found.out
    kept = run_command("train", "--resume", "kept", *more, "--set", "train.schedule_steps=2")
    assert (kept.code, "learning rate" in kept.out) == (0, False)
    assert [line["lr"]["generators"] for line in log(root / "kept")][-2:] == [1e-4, 1e-4]


@pytest.mark.usefixtures("root")
def test_a_fork_of_a_finished_run_is_refused_with_the_line_to_type(
    run_command: Run, root: Path
) -> None:
    run_command(*TINY, "--out", "run")
    found = run_command("train", "--resume", "run", "--fork-run", "--set", "options.lr=1e-6")
    assert (found.code, found.out) == (2, "")
    assert "this fork would take none" in found.err
    typed = found.err.partition("Say where it ends: ")[2].partition(",")[0].split()
    assert typed == ["translate", "train", "--resume", "run", "--fork-run", "--steps", "4"]
    assert not (root / "run-fork").exists()
    assert run_command(*typed[1:], "--quiet").code == 0
    assert small_runs.checkpoint_steps(root / "run-fork") == [2, 4]


@pytest.mark.usefixtures("root")
def test_a_finished_run_takes_no_setting_in_silence(run_command: Run, root: Path) -> None:
    run_command(*TINY, "--out", "run")
    found = run_command("train", "--resume", "run", "--set", "train.log_every=1")
    assert found.out.splitlines()[-1] == "nothing was changed: train.log_every"
    assert settings(root / "run")["train"]["log_every"] == 50


@pytest.mark.usefixtures("root")
def test_settings_of_a_resume_that_was_killed_at_once_are_not_lost(
    run_command: Run, root: Path
) -> None:
    """`config.yaml`, what is shown, the checkpoint and what is done are one."""
    run_command(*TINY, "--out", "run")
    file = root / "run/config.yaml"
    file.write_text(file.read_text().replace("  steps: 2\n", "  steps: 3\n"))
    assert run_command("train", "--resume", "run").code == 0
    assert small_runs.checkpoint_steps(root / "run")[-1] == 3
    file.write_text(file.read_text().replace("  lr: 0.0002\n", "  lr: 0.1\n"))
    found = run_command("train", "--resume", "run", "--steps", "4")
    assert found.code == 2
    assert "config.yaml was edited: options.lr: 0.0002 -> 0.1: this would be" in found.err
    file.write_text("")
    found = run_command("train", "--resume", "run", "--steps", "4")
    assert found.code == 0 and "Its newest checkpoint has the settings, too." in found.out
    assert settings(root / "run")["train"]["steps"] == 4


@pytest.mark.parametrize("key", ["schedule={generatr: linear}", "clip_norm={generatr: 1}"])
def test_a_player_that_a_setting_names_and_no_recipe_has_is_refused(
    key: str, run_command: Run
) -> None:
    found = run_command(*TINY, "--set", f"train.{key}")
    assert found.code == 2
    assert "has no player 'generatr'. Did you mean 'generators'? Its players: " in found.err


@pytest.mark.usefixtures("root")
def test_a_fork_goes_on_with_other_images(
    run_command: Run, image_folder: Callable[..., Path], root: Path
) -> None:
    run_command(*TINY, "--out", "run")
    image_folder("new/a", 3), image_folder("new/b", 5)
    fork = ("train", "--resume", "run", "--data", "new", "--fork-run", "--steps", "4")
    found = run_command(*fork, "--out", "fork")
    assert (found.code, found.err) == (0, "")
    facts = json.loads((root / "fork/run.json").read_bytes())
    assert (facts["data"]["files"], facts["fork"]) == (8, {"run": "run", "step": 2})
    assert settings(root / "fork")["data"]["root"] == "new"


@pytest.mark.usefixtures("root")
def test_a_learning_rate_of_a_thousand_is_said_once_with_the_players(run_command: Run) -> None:
    high = ("--set", "options.lr=1000", "--set", "train.log_every=1", "--steps", "6")
    found = run_command(*TINY, *high, "--out", "run")
    lines = [line for line in found.out.splitlines() if "learning rate" in line]
    assert len(lines) == 1
    assert lines[0].startswith(
        "the learning rate of generators is 1000 and discriminators is 1000: usual are "
    )
