"""A reference names a run, one of its steps, its best checkpoint, or a checkpoint folder."""

import re
from pathlib import Path

import pytest
import small_checkpoints
from PIL import Image

from translate.api import Translator
from translate.engine.checkpoints import read, write
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.checkpoints.state import ModelState
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Make a run with checkpoints of the steps 1, 2 and 3; 2 is the best."""
    path = small_checkpoints.cyclegan(tmp_path / "run")
    checkpoint = read.read_checkpoint(resolve(path)[0])
    recipe = read.rebuild_recipe(checkpoint)
    for step, distance in ((2, 0.5), (3, 0.7)):
        model = ModelState(checkpoint.config, checkpoint.spec, recipe, step=step)
        write.save(path, model, metrics={"kid": distance}, best=("kid", "min"))
    return path


def step_of(reference: str | Path) -> int:
    return read.read_checkpoint(resolve(reference)[0]).step


def test_a_run_refers_to_its_newest_checkpoint_and_a_suffix_to_a_step_or_the_best(
    run: Path,
) -> None:
    assert step_of(run) == step_of(f"{run}@3") == step_of(f"{run}@00000003") == 3
    assert step_of(f"{run}@2") == step_of(f"{run}@best") == 2
    assert step_of(f"{run}/@2") == 2
    assert step_of(run / "checkpoints/step-00000002") == 2
    assert resolve(run)[1] == []


def test_every_reader_of_a_run_takes_a_reference(
    run: Path, run_command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "step=2" in repr(Translator.load(f"{run}@best"))
    assert InitialWeights(Path(f"{run}@2")).facts["step"] == 2
    assert "step-00000002 of cyclegan" in run_command("show", f"{run}@best").out
    Image.new("RGB", (32, 32)).save("a.png")
    assert run_command("infer", f"{run}@best", "a.png", "out").code == 0
    assert run_command("infer", run / "checkpoints/step-00000002", "a.png", "out").code == 0
    manifest = json_files.read_lines(Path("out/.translate/done.jsonl"))
    assert len(manifest) == 1  # the same model by another name: its output is kept


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("@7", "run has no checkpoint of step 7. Steps: 2, 3; type .*run@3 for that step"),
        ("@²", "run has no checkpoint '²': expected a step or best. Steps: 2, 3; type"),
        ("@newest", "run has no checkpoint 'newest': expected a step or best"),
        ("@", "run has no checkpoint '': expected a step or best"),
        ("x@2", "there is no run .*runx@2"),
    ],
)
def test_a_missing_checkpoint_is_an_error_that_lists_the_existing_ones(
    run: Path, suffix: str, message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        resolve(f"{run}{suffix}")


def test_the_best_of_a_run_without_metrics_is_an_error_with_the_setting(
    tmp_path: Path,
) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    message = rf"{run}@best: no checkpoint .* metric.* Name one by its.* Steps: 1; type"
    with pytest.raises(CheckpointError, match=message):
        resolve(f"{run}@best")


@pytest.mark.parametrize("reference", ["git+ssh:org/name", "s3://bucket/run", "ftp:x@best"])
def test_an_unknown_scheme_is_an_error_with_the_expected_forms(reference: str) -> None:
    scheme = re.escape(reference.partition(":")[0] + ":")
    message = f"unknown scheme '{scheme}' in .*: expected a run folder, RUN@STEP, RUN@best"
    with pytest.raises(CheckpointError, match=message):
        resolve(reference)


@pytest.mark.parametrize("name", ["a@b", "a@2", "ab:c", "c:d"])
def test_an_existing_folder_takes_precedence_whatever_its_name(tmp_path: Path, name: str) -> None:
    run = small_checkpoints.cyclegan(tmp_path / name)
    assert step_of(run) == step_of(f"{run}@1") == 1


def test_a_damaged_checkpoint_is_never_the_best(run: Path) -> None:
    (run / "checkpoints/step-00000002/weights.safetensors").write_bytes(b"damaged")
    assert step_of(f"{run}@best") == 3
    with pytest.raises(CheckpointError, match="is damaged"):
        resolve(f"{run}@2")
