"""A resume with a damaged log, run.json or lock continues, or is refused in one line."""

import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest
import small_runs
from file_damages import DEEPEST, Damage, every_damage, one_line_message, replace_by_folder
from run_files import run_record

from translate.engine.disk.records import json_files
from translate.errors import ConfigError, SaveError


@every_damage
@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "problems.jsonl"])
def test_damaged_logs_never_prevent_a_resume(name: str, damage: Damage, run: Path) -> None:
    (run / name).touch()
    damage(run / name)
    recorder = small_runs.ProgressRecorder()
    if name == "run.json" and damage is replace_by_folder:
        with pytest.raises(SaveError, match="Is a directory") as caught:
            small_runs.resume(run, recorder, steps=3)
        one_line_message(caught.value)
        return
    assert small_runs.resume(run, recorder, steps=3).step == 3
    record = run_record(run)
    assert record["outcome"] == "finished" and record["started_at_step"] == 2
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
    (run / "run.json").write_text(json.dumps({**run_record(run), **change}))
    assert small_runs.resume(run, steps=3).step == 3


def test_invalid_lines_of_a_log_are_removed_and_the_others_kept(run: Path) -> None:
    log, invalid = run / "log.jsonl", [{"step": s} for s in ("2", None, [2], -1, 2.5, True, 9)]
    content = log.read_bytes()
    lines = "".join(f"{json.dumps(line)}\n" for line in invalid)
    log.write_bytes(content + lines.encode() + DEEPEST)
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


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_a_lock_that_is_not_a_file_is_a_one_line_error(make: Damage, run: Path) -> None:
    make(run / ".lock")
    with pytest.raises(ConfigError, match=r"\.lock is not a file that this program made") as caught:
        small_runs.resume(run, steps=3)
    one_line_message(caught.value)
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
