"""If output cannot be printed, exit codes and files are the same."""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
import small_runs
from exit_codes import exit_code

from translate import hookimpl
from translate.engine.config import yaml_text

NOT_LATIN = "写真.png"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRANSLATE_DEBUG", "1")
    return tmp_path


def closed_pipe() -> Any:
    """Return a stream into a pipe that nobody reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    return os.fdopen(write_end, "w")


def full_disk() -> Any:
    """Return a stream into a file on a full disk."""
    return Path("/dev/full").open("w")


@pytest.fixture(params=[closed_pipe, full_disk, lambda: None], ids=["pipe", "disk", "none"])
def unwritable_streams(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Replace both standard streams by ones that cannot be written."""
    streams = [request.param(), request.param()]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    yield
    for stream in streams:
        if stream is not None:
            stream.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.usefixtures("unwritable_streams")
def test_T25_training_continues_without_a_terminal(
    folder: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 3), image_folder("b", 3)
    Path("tiny.yaml").write_text(yaml_text.dump(small_runs.config(folder, train__log_every=1)))
    assert exit_code("train", "--config", "tiny.yaml", "--out", "run") == 0
    assert small_runs.checkpoint_steps(folder / "run") == [0, 4]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.usefixtures("unwritable_streams")
def test_T25_other_commands_work_without_a_terminal(
    folder: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in", 3)
    (folder / "in/broken.png").write_bytes(b"x")
    assert exit_code("infer", small_checkpoints.cyclegan(folder / "run"), "in", "out") == 3
    assert len(list((folder / "out").glob("*.png"))) == 3
    assert exit_code("sample", small_checkpoints.gan(folder / "gan"), "samples", "--count", 4) == 0
    assert len(list((folder / "samples").glob("*.png"))) == 4
    for command in (["datasets"], ["show", "cyclegan"], ["plugins"], ["--help"], ["--version"]):
        assert exit_code(*command) == 0, command
    assert exit_code("show", "cyclgan") == 2
    assert exit_code("shw") == 2


def test_T25_a_lost_line_is_noted_once_and_is_not_a_listed_file(
    folder: Path, image_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder("a", 3), image_folder("b", 3)
    Path("tiny.yaml").write_text(yaml_text.dump(small_runs.config(folder, train__log_every=1)))
    stream = closed_pipe()
    monkeypatch.setattr(sys, "stdout", stream)
    assert exit_code("train", "--config", "tiny.yaml", "--out", "run") == 0
    lines = (folder / "run/problems.jsonl").read_text().splitlines()
    (note,) = [json.loads(line) for line in lines if "standard output" in line]
    assert (note["reason"], note["stage"]) == ("note", "print")
    assert note["message"].endswith("Broken pipe")
    stream.close()


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "ascii", "utf-8"])
def test_I13_a_name_that_the_console_cannot_print_is_escaped_and_listed(
    encoding: str, folder: Path, image_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder("in", 3)
    (folder / "in" / NOT_LATIN).write_bytes(b"x")
    (folder / "in/\u202egnp.\x1b[31m.png").write_bytes(b"x")
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding, errors="strict"))
    assert exit_code("infer", small_checkpoints.cyclegan(folder / "run"), "in", "out") == 3
    text = data.getvalue().decode(encoding)
    assert (NOT_LATIN if encoding in ("gbk", "utf-8") else r"\u5199\u771f.png") in text
    assert r"\u202egnp.\x1b[31m.png" in text
    assert "3 done, 0 skipped (already there), 2 listed" in text
    assert len((folder / "out/problems.jsonl").read_text().splitlines()) == 2


def test_T25_sighup_saves_at_the_next_step_and_exits_with_129(
    folder: Path, image_folder: Callable[..., Path], register_plugin: Callable[..., object]
) -> None:
    class SighupSender:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 2:
                os.kill(os.getpid(), signal.SIGHUP)

    register_plugin(SighupSender(), "other:terminal")
    image_folder("a", 3), image_folder("b", 3)
    config = small_runs.config(folder, train__log_every=1, train__steps=50)
    Path("tiny.yaml").write_text(yaml_text.dump(config))
    assert exit_code("train", "--config", "tiny.yaml", "--out", "run") == 129
    assert small_runs.checkpoint_steps(folder / "run") == [0, 3]
