"""Each failure is diagnosis in a run that is made to fail that way, and none in healthy runs."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from command_result import ROOT, CommandResult
from failing_runs import FAILING_CONFIGS, FailingPlugin, gan_config

from translate.engine.config import layers
from translate.engine.data.samples import draw
from translate.engine.disk.records import json_files
from translate.engine.runs import run_record
from translate.errors import TrainingError
from translate.insight.doctor import Diagnosis, diagnose

Run = Callable[..., CommandResult]
SMALL_CONFIGS = sorted(
    path
    for pattern in ("configs/*.yaml", "tests/examples/*/*/configs/*.yaml")
    for path in ROOT.glob(pattern)
    if re.search("-(small|mnist)$", path.stem)
)


@pytest.fixture
def root(register_plugin: Any, image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder with two domains of twelve images."""
    register_plugin(FailingPlugin(), "other:failing")
    for domain in "ab":
        image_folder(domain, 12)
    return tmp_path


def check_command(diagnosis: Diagnosis, run: Path, run_command: Run) -> None:
    """Assert that the command of a diagnosis trains four steps."""
    _, *words = shlex.split(diagnosis.command)
    last = json_files.read_lines(run / "log.jsonl")[-1]["step"]
    resumed = "--resume" in words
    if "--steps" in words:
        words[words.index("--steps") + 1] = str(last + 4)
    else:
        words += ["--steps", str(last + 4 if resumed else 4)]
    if not resumed or "--fork-run" in words:
        words += ["--out", str(run.parent / "continued")]
    result = run_command(*words, "--quiet")
    assert result.code == 0, (diagnosis.command, result.err)


@pytest.mark.slow
@pytest.mark.parametrize("failure", FAILING_CONFIGS)
def test_a_run_that_is_made_to_fail_has_the_failure_and_a_command_that_trains(
    failure: str, root: Path, image_folder: Callable[..., Path], run_command: Run
) -> None:
    if failure == "waiting for data":
        image_folder("a", 12, size=1200)
    if failure == "copied training images":
        for path in sorted((root / "a").iterdir())[3:]:
            path.unlink()
    run = root / "run"
    try:
        small_runs.train(FAILING_CONFIGS[failure](root), run)
    except TrainingError:
        assert failure == "skipped turns"  # the running statistics are not finite either
    (diagnosis,) = [d for d in diagnose(run) if d.name == failure]
    assert diagnosis.since_step <= 3000
    check_command(diagnosis, run, run_command)


@pytest.mark.slow
def test_a_run_that_fills_the_memory_has_the_failure(
    root: Path, monkeypatch: pytest.MonkeyPatch, run_command: Run
) -> None:
    small_runs.train(gan_config(root, train__steps=40), root / "first")
    used = json_files.read_lines(root / "first/log.jsonl")[-1]["memory_mb"]
    monkeypatch.setattr(run_record, "memory_limit_mb", lambda _device: round(used * 1.05))
    small_runs.train(gan_config(root, train__steps=40), root / "run")
    (diagnosis,) = diagnose(root / "run")
    assert diagnosis.name == "memory near the limit"
    assert diagnosis.option == "train.batch_size=4"
    check_command(diagnosis, root / "run", run_command)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which sample domains are drawn once."""
    return tmp_path_factory.mktemp("samples")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("path", SMALL_CONFIGS, ids=lambda path: path.stem)
def test_a_healthy_run_has_no_failure(
    path: Path,
    samples: Path,
    shared_images: Path,
    tmp_path: Path,
    register_example: Callable[[str], object],
) -> None:
    if path.parent.parent.name != ROOT.name:
        register_example(path.parent.parent.name)
    header = path.read_text()
    data_path = re.search(r"translate train .*--data \.\./shared/data(\S*)", header)
    data = Path(f"{shared_images}{data_path[1]}") if data_path else samples
    settings = {"steps": 600, "log_every": 10, "preview_every": 150, "device": "cpu"}
    flags = {"data.root": data, **{f"train.{key}": value for key, value in settings.items()}}
    config = layers.resolve(config=str(path), flags=flags)
    for name in () if data_path else config.data.domains:
        draw(name, samples)
    small_runs.train(config, tmp_path / "run")
    assert diagnose(tmp_path / "run") == []
