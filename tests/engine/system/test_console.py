"""Output is escaped for consoles that cannot show it, and dropped if it cannot be written."""

import io
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from subprocesses import run_python

from translate.engine.system import console
from translate.engine.system.console import SafeStream, printable, say, show, stdout

NAME = "写真 été \udcff.png"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain", "plain"),
        ("写真 été", "写真 été"),
        ("a\nError: b", r"a\nError: b"),
        ("a\tb\rc\x1b[31m\x07\x7f\x9b", r"a\tb\rc\x1b[31m\x07\x7f\x9b"),
        ("\u202egnp.exe\u2066\u200f", r"\u202egnp.exe\u2066\u200f"),
        ("bad\udcff.png \ud800", r"bad\xff.png \ud800"),
        ("a\u2028b\u2029c\ufeff", r"a\u2028b\u2029c\ufeff"),
        ("👩\u200d🎨 نی\u200cم", "👩\u200d🎨 نی\u200cم"),
    ],
)
def test_I13_control_and_direction_characters_are_escaped(text: str, escaped: str) -> None:
    assert printable(text) == escaped


@pytest.mark.parametrize(
    ("encoding", "escaped"),
    [
        ("utf-8", "写真 été"),
        ("gbk", "写真 "),
        ("cp1252", r"\u5199\u771f été"),
        ("latin-1", r"\u5199\u771f été"),
        ("ascii", r"\u5199\u771f \xe9t\xe9"),
        ("cp437", r"\u5199\u771f été"),
    ],
)
def test_I13_characters_outside_the_encoding_are_escaped(
    encoding: str, escaped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding, errors="strict"))
    say(NAME)
    text = data.getvalue().decode(encoding)
    assert text.startswith(escaped)
    assert text.rstrip().endswith(r"\xff.png")


def test_bytes_are_refused_as_text_streams_refuse_them() -> None:
    """Click detects in this way that the stream is not binary."""
    with pytest.raises(TypeError, match="expected str, got bytes"):
        SafeStream(io.StringIO()).write(b"")  # type: ignore[arg-type]


def test_line_breaks_of_a_document_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    show("a:\n  b\x1b\n")
    show("c", err=True)
    assert capsys.readouterr() == ("a:\n  b\\x1b\n", "c\n")
    console.show_json(["é"])
    assert capsys.readouterr().out == '[\n  "\\u00e9"\n]\n'


class FailingStream(io.StringIO):
    """A stream that raises in `write` and counts the calls."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.calls = error, 0

    def write(self, _: str) -> int:
        self.calls += 1
        raise self.error


@pytest.mark.parametrize(
    "error",
    [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device"),
     OSError(5, "Input/output error"), ValueError("I/O operation on closed file")],
)  # fmt: skip
def test_T25_output_that_cannot_be_written_is_dropped_and_noted_once(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = FailingStream(error)
    monkeypatch.setattr(sys, "stdout", SafeStream(stream))
    console.take_loss()
    for _ in range(3):
        say("a line")
    assert stream.calls == 1, "it is not tried again"
    assert console.take_loss().endswith(getattr(error, "strerror", None) or str(error))
    assert console.take_loss() == ""


def test_a_line_that_a_slow_reader_blocks_is_lost_and_the_next_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = FailingStream(BlockingIOError(11, "Resource temporarily unavailable"))
    monkeypatch.setattr(sys, "stdout", SafeStream(stream))
    say("a"), say("b")
    assert stream.calls == 2


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_T25_a_missing_stream_is_no_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, name, None)
    say("a line", err=name == "stderr")
    assert not SafeStream(None).isatty()
    with console.safe_streams():
        print("by a library", file=getattr(sys, name))
    assert getattr(sys, name) is None


def test_all_output_of_the_process_is_escaped_during_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii", errors="strict"))
    before = sys.stdout
    with console.safe_streams():
        print("写真")
        assert isinstance(sys.stdout, SafeStream)
        assert stdout() is sys.stdout
    assert sys.stdout is before


@pytest.mark.parametrize("term", ["dumb", "unknown", "xterm"])
def test_bars_are_shown_on_terminals_that_can_redraw_a_line(
    term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", term)
    assert console.has_bars() == (term == "xterm")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not console.has_bars()


def test_T25_no_file_gets_the_descriptor_of_a_closed_stream(
    tmp_path: Path,
) -> None:
    """A log file with descriptor 1 would receive the output of C libraries."""
    code = """
import os
from translate.engine.system import console
os.close(0), os.close(1), os.close(2)
with console.safe_streams():
    number = os.open("log", os.O_WRONLY | os.O_CREAT)
    os.write(number, str(number).encode())
"""
    run_python(code, cwd=tmp_path)
    assert int((tmp_path / "log").read_text()) > 2


def test_log_messages_are_shown_only_within_the_block(capsys: Any) -> None:
    lines, logger = list[str](), logging.getLogger("translate.engine.anything")
    logger.info("before")
    logger.warning("before")
    with console.messages(lines.append):
        logger.info("100% of them")
        logger.debug("details")
    logger.info("after")
    assert lines == ["100% of them"]
    with console.messages():
        logger.info("printed")
    with console.messages(lines.append, quiet=True):
        logger.info("not shown")
    assert lines == ["100% of them"]
    assert capsys.readouterr() == ("printed\n", "")
    assert not logger.isEnabledFor(logging.INFO)


def test_warnings_go_to_stderr_and_messages_do_not(capsys: Any) -> None:
    logger = logging.getLogger("translate.anything")
    with console.warnings_on_stderr(), console.messages():
        logger.info("a message")
        logger.warning("a warning")
    logger.warning("after")
    assert capsys.readouterr() == ("a message\n", "Warning: a warning\n")
