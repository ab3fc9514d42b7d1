"""Our own files, edited, damaged or replaced: a resume continues or is a one-line error."""

import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import small_runs
from PIL import Image

from translate.engine.checkpoints import retention
from translate.engine.checkpoints.references.reference import resolve
from translate.engine.disk.records import json_files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models import model as infer
from translate.engine.models.options import InferenceOptions
from translate.errors import CheckpointError, ConfigError, SaveError, TranslateError

DEEP = b'{"step": ' + b"[" * 200 + b"]" * 200 + b"}"
DEEPEST = b'{"step": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
Damage = Callable[[Path], object]


def with_content(data: bytes) -> Damage:
    return lambda path: path.write_bytes(data)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_link(target: str) -> Damage:
    def damage(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return damage


DAMAGES: dict[str, Damage] = {
    "empty": with_content(b""),
    "a list": with_content(b"[1, 2]"),
    "null": with_content(b"null"),
    "text": with_content(b'"step"'),
    "no text": with_content(b"\xff\xfe\x00"),
    "deep": with_content(DEEP),
    "deepest": with_content(DEEPEST),
    "a long number": with_content(b'{"step": ' + b"9" * 5000 + b"}"),
    "a folder": replace_by_folder,
    "a pipe": replace_by_pipe,
    "a device": replace_by_link("/dev/zero"),
    "a dead link": replace_by_link("nowhere"),
    "a link to itself": replace_by_link("run.json"),
}
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with images and a run of two steps, for tests to copy."""
    root = tmp_path_factory.mktemp("straight")
    for domain, shade in (("a", 40), ("b", 200)):
        (root / domain).mkdir()
        for number in range(2):
            pixels = np.full((16, 16, 3), shade + number, np.uint8)
            Image.fromarray(pixels).save(root / domain / f"{number}.png")
    intervals = {"train__log_every": 1, "train__save_every": 1}
    small_runs.train(small_runs.config(root, train__steps=2, **intervals), root / "run")
    yield root


@pytest.fixture
def run(straight: Path, tmp_path: Path) -> Path:
    return shutil.copytree(straight / "run", tmp_path / "run")


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text and len(text) < 1000, text
    return text


@every_damage
@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "problems.jsonl"])
def test_damaged_logs_never_prevent_a_resume(name: str, damage: Damage, run: Path) -> None:
    (run / name).touch()
    damage(run / name)
    recorder = small_runs.ProgressRecorder()
    if name == "run.json" and damage is replace_by_folder:
        with pytest.raises(SaveError, match="Is a directory") as caught:
            small_runs.resume(run, recorder, steps=3)
        one_line(caught.value)
        return
    assert small_runs.resume(run, recorder, steps=3).step == 3
    facts = json.loads((run / "run.json").read_bytes())
    assert facts["outcome"] == "finished" and facts["started_at_step"] == 2
    assert len([line for line in recorder.lines if name in line]) <= 3, recorder.lines
    if name == "log.jsonl" and not (run / name).is_dir() and not (run / name).is_symlink():
        assert (run / name).is_fifo() or json_files.read_lines(run / name)[-1]["step"] == 3


@pytest.mark.parametrize(
    "change",
    [
        {"data": None}, {"data": [1]}, {"data": "text"}, {"data": {"files": "many"}},
        {"earlier": 3}, {"earlier": [1]}, {"threads": "one"}, {"device": 7},
    ],
    ids=str,
)  # fmt: skip
def test_a_run_json_with_wrong_types_never_prevents_a_resume(
    change: dict[str, Any], run: Path
) -> None:
    facts = json.loads((run / "run.json").read_bytes())
    (run / "run.json").write_text(json.dumps({**facts, **change}))
    assert small_runs.resume(run, steps=3).step == 3


def test_invalid_lines_of_a_log_are_removed_and_the_others_kept(run: Path) -> None:
    log, invalid = run / "log.jsonl", [{"step": s} for s in ("2", None, [2], -1, 2.5, True, 9)]
    content = log.read_bytes()
    log.write_bytes(
        content + b"".join(json.dumps(line).encode() + b"\n" for line in invalid) + DEEPEST
    )
    small_runs.resume(run, steps=3)
    assert log.read_bytes().startswith(content)
    assert [line["step"] for line in json_files.read_lines(log)] == [1, 2, 3]


def test_a_huge_log_is_read_from_its_end(run: Path) -> None:
    log = run / "log.jsonl"
    last = log.read_bytes()
    with log.open("r+b") as file:
        file.seek(4 << 30)  # a hole: it takes no disk space
        file.write(b"\n" + last + b'{"step": 7}\n')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    small_runs.resume(run, steps=3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
    with log.open("rb") as file:
        file.seek(4 << 30)
        steps = [json.loads(line)["step"] for line in file.read().splitlines()[1:]]
    assert steps == [1, 2, 3]


@every_damage
@pytest.mark.parametrize("name", ["MANIFEST.json", "state.json", "weights.safetensors"])
def test_a_damaged_checkpoint_is_replaced_by_the_previous_one(
    name: str, damage: Damage, run: Path
) -> None:
    first, second = sorted((run / "checkpoints").iterdir())[-2:]
    damage(second / name)
    for checkpoint, messages in (retention.newest_checkpoint(run), resolve(run)):
        assert checkpoint == first
        assert [str(second / name) in message for message in messages] == [True]
        assert "\n" not in messages[0]
    with pytest.raises(CheckpointError) as caught:
        infer.load(second)
    one_line(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"step": -5}, {"step": 10**18}, {"step": "2"}, {"versions": None},
        {"optimizers": {"generators": {"state": {}, "param_groups": []}}}, {"processes": 0},
        {"averaged": -1}, {"optimizers": []}, {"optimizers": {"generator": None}},
        {"config": {}}, {"config": None}, {"spec": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_state_with_wrong_types_is_a_one_line_error(change: dict[str, Any], run: Path) -> None:
    path, _ = retention.newest_checkpoint(run)
    state = json.loads((path / "state.json").read_bytes())
    small_runs.replace_checkpoint_file(path, "state.json", json.dumps({**state, **change}).encode())
    for call in (lambda: small_runs.resume(run, steps=3), lambda: infer.load(path)):
        with pytest.raises(CheckpointError) as caught:
            call()
        assert next(iter(change)) in one_line(caught.value) or "state.json" in str(caught.value)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("spec", "domains", []), ("spec", "size", [10**9, 16]), ("spec", "text_length", 10**12),
        ("train", "batch_size", 10**18), ("data", "workers", 10**6), ("data", "size", 10**12),
        ("train", "seed", 10**30), ("train", "steps", 10**30), ("train", "keep", 10**30),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused_before_memory_is_allocated(
    section: str, key: str, value: Any, run: Path
) -> None:
    path, _ = retention.newest_checkpoint(run)
    state = json.loads((path / "state.json").read_bytes())
    values = state["spec"] if section == "spec" else state["config"][section]
    values[key] = value
    small_runs.replace_checkpoint_file(path, "state.json", json.dumps(state).encode())
    for call in (lambda: small_runs.resume(run, steps=3), lambda: infer.load(path)):
        with pytest.raises(TranslateError) as caught:
            call()
        one_line(caught.value)


@pytest.mark.parametrize("name", ["step-\u00b2", "step-\u0663", "step-", "step-1e3", "step--1"])
def test_a_folder_without_a_step_number_is_not_a_checkpoint(name: str, run: Path) -> None:
    (run / "checkpoints" / name).mkdir()
    assert small_runs.checkpoint_steps(run) == [1, 2]
    assert small_runs.resume(run, steps=3).step == 3


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_a_lock_that_is_not_a_file_is_a_one_line_error(make: Damage, run: Path) -> None:
    make(run / ".lock")
    with pytest.raises(ConfigError, match=r"\.lock is not a file that this program made") as caught:
        small_runs.resume(run, steps=3)
    one_line(caught.value)
    assert not (run / "nowhere").exists()


def test_a_log_that_is_a_symbolic_link_is_not_written(run: Path, tmp_path: Path) -> None:
    """A run folder of a third party may contain links."""
    other_file = tmp_path / "profile"
    other_file.write_text("export PATH=...\n")
    for name in ("log.jsonl", "problems.jsonl"):
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(other_file)
    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(run, recorder, steps=3).step == 3
    assert other_file.read_text() == "export PATH=...\n"
    assert "could not write" in str(recorder)


# -- without what a resume needs -------------------------------------------------------------------


@pytest.mark.parametrize("listed", [True, False])
def test_a_checkpoint_without_its_training_state_translates_and_is_not_resumed(
    listed: bool, run: Path
) -> None:
    for path in (run / "checkpoints").iterdir():
        (path / "training.safetensors").unlink()
        if not listed:
            manifest = json.loads((path / "MANIFEST.json").read_bytes())
            del manifest["files"]["training.safetensors"]
            (path / "MANIFEST.json").write_text(json.dumps(manifest))
    model, messages = infer.load(run)
    assert model.domains and not messages
    assert infer.load(path)[0].domains
    with pytest.raises(CheckpointError, match=rf"translate train --init {run}$") as caught:
        small_runs.resume(run, steps=3)
    assert "training.safetensors" in one_line(caught.value)


def test_a_resume_skips_a_checkpoint_without_training_state(run: Path) -> None:
    path, _ = retention.newest_checkpoint(run)
    (path / "training.safetensors").unlink()
    assert resolve(run) == (path, [])
    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(run, recorder, steps=3).step == 3
    assert f"{path / 'training.safetensors'}" in str(recorder)


def test_a_damaged_training_state_is_not_treated_as_missing(run: Path) -> None:
    path, _ = retention.newest_checkpoint(run)
    (path / "training.safetensors").write_bytes(b"")
    assert resolve(run)[0] != path


# -- the records of an output folder ---------------------------------------------------------------


@pytest.fixture
def translate_again(tmp_path: Path, image_folder: Callable[..., Path]) -> Callable[[], Any]:
    source, out = image_folder("in", 1, size=8), tmp_path / "out"
    model, _ = infer.load(small_checkpoints.cyclegan(tmp_path / "model"))
    return lambda: translate_folder(model, find_inputs(source, out), out, InferenceOptions())


@every_damage
def test_records_that_are_not_a_file_are_a_one_line_error_and_damaged_lines_are_redone(
    damage: Damage, translate_again: Callable[[], Any], tmp_path: Path
) -> None:
    translate_again()
    out = tmp_path / "out"
    damage(out / ".translate/done.jsonl")
    with pytest.raises(ConfigError) as caught:
        translate_again()
    text = one_line(caught.value)
    assert "done.jsonl cannot be read" in text or "--overwrite" in text
    (out / "0000.png").unlink()
    if (out / ".translate/done.jsonl").is_file():
        assert translate_again().done == 1
        assert translate_again().skipped == 1


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
@pytest.mark.parametrize("name", ["problems.jsonl", ".translate/lock", ".translate"])
def test_paths_of_our_files_that_are_not_files_are_a_one_line_error(
    name: str, make: Damage, translate_again: Callable[[], Any], tmp_path: Path
) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    make(path)
    try:
        assert translate_again().done == 1
    except TranslateError as error:
        assert name in one_line(error)
        assert error.exit_code == 2
