"""Processes that share an output folder delete only their own old files."""

import os
import time
from pathlib import Path

import pytest

from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.outputs.shared_folder import shared_folder
from translate.engine.shards.shard import Shard

PART = ".{}.part-1-0123456789ab"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name in ("mine.png", "theirs.png", "deep/mine.png"):
        path = tmp_path / name
        path.with_name(PART.format(path.name)).touch()
    return tmp_path


def parts(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob(".*.part-*"))


def test_a_shard_deletes_only_its_own_partial_files_and_problems(out: Path) -> None:
    todo = [Job.of(Path("in/x"), out / name) for name in ("mine.png", "deep/mine.png")]
    for name in ("problems-0-of-2.jsonl", "problems-1-of-2.jsonl", "problems.jsonl"):
        (out / name).touch()
    with shared_folder(out / ".translate", Shard(1, 2), out / "problems-1-of-2.jsonl", todo):
        assert parts(out) == [PART.format("theirs.png")]
        lists = sorted(path.name for path in out.glob("*.jsonl"))
        assert lists == ["problems-0-of-2.jsonl", "problems.jsonl"]


def test_a_process_without_a_shard_keeps_partial_files_while_a_shard_runs(out: Path) -> None:
    problems, of_shard = out / "problems.jsonl", out / "problems-1-of-2.jsonl"
    with (
        shared_folder(out / ".translate", Shard(1, 2), of_shard, []),
        shared_folder(out / ".translate", None, problems, []),
    ):
        assert len(parts(out)) == 3
    with shared_folder(out / ".translate", None, problems, []):
        assert parts(out) == []


def test_a_second_process_of_a_shard_keeps_the_files_of_the_first(out: Path) -> None:
    todo, problems = [Job.of(Path("in/x"), out / "mine.png")], out / "problems-1-of-2.jsonl"
    with shared_folder(out / ".translate", Shard(1, 2), problems, []):
        problems.touch()
        with shared_folder(out / ".translate", Shard(1, 2), problems, todo):
            assert problems.exists() and len(parts(out)) == 3


def test_without_locks_only_partial_files_older_than_a_day_are_deleted(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("translate.engine.disk.locks.fcntl", None)
    monkeypatch.setattr("translate.engine.disk.file_system._unsupported", {})
    todo, problems = [Job.of(Path("in/x"), out / "mine.png")], out / "problems-1-of-2.jsonl"
    with shared_folder(out / ".translate", Shard(1, 2), problems, todo):
        assert len(parts(out)) == 3
    old = time.time() - 2 * 24 * 3600
    os.utime(out / PART.format("mine.png"), (old, old))
    with shared_folder(out / ".translate", Shard(1, 2), problems, todo):
        assert len(parts(out)) == 2
