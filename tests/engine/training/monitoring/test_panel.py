"""The live panel: its lines at any width, on a real terminal, and messages above the panel."""

import fcntl
import logging
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import small_runs
import two_processes
from rich.console import Console

from translate.engine.system import console
from translate.engine.training import train
from translate.engine.training.monitoring import progress_bar
from translate.engine.training.monitoring.panel import BLOCKS, Panel, sparkline
from translate.progress import ProgressReport

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
LOSSES = {"generators/gan": 0.5, "generators/cycle": 2.0, "critic/": -1.25}
REPORT = ProgressReport(50, 200, LOSSES, 3.14159, 0.126, 61, {"kd-lite0": 0.03}, 1234)


def lines(panel: Panel, width: int) -> list[str]:
    """Return the lines of a panel on a terminal of `width` columns."""
    screen = Console(width=width, force_terminal=True, no_color=True, legacy_windows=False)
    with screen.capture() as capture:
        screen.print(panel)
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", capture.get()).splitlines()]


def filled_panel() -> Panel:
    panel = Panel(Console())
    for number in range(1, 40):
        losses = {**LOSSES, "generators/gan": 10 / number}
        panel.progress(ProgressReport(number, 200, losses, 3.0, 0, 61, {}, 1000))
    panel.progress(REPORT)
    panel.preview(Path("runs/some/very/long/folder/of/a/run/previews/step-00000050.png"))
    return panel


def test_a_panel_shows_progress_losses_evaluation_speed_memory_and_preview() -> None:
    bar, *rows = lines(filled_panel(), 120)
    assert bar.startswith("━") and bar.endswith("50/200  61 s left")
    assert re.fullmatch(rf"generators  2\.5 +[{BLOCKS}]{{24}}  gan 0\.5  cycle 2", rows[0])
    assert re.fullmatch(rf"critic +-1\.25 +[{BLOCKS}]+", rows[1])
    assert rows[2:5] == [
        "evaluation  kd-lite0 0.03, step 50",
        "speed       3.14 images/s, 13% waiting",
        "memory      1,234 MiB",
    ]
    assert rows[5] == "preview     runs/some/very/long/folder/of/a/run/previews/step-00000050.png"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_a_panel_fits_its_terminal_and_80_columns(width: int) -> None:
    panel = filled_panel()
    panel.progress(ProgressReport(51, 3_000_000, {"p" * 50 + "/" + "x" * 90: 1e-20}, 3.0, 0, 9e6))
    shown = lines(panel, width)
    assert max(map(len, shown)) <= min(width, 80)
    assert len(shown) == 4
    if width >= 40:
        assert "51/3000000" in shown[0] and "left" in shown[0]
        assert shown[-1].endswith("step-00000050.png")


def test_a_panel_shows_the_start_then_steps_then_the_time_left() -> None:
    panel = Panel(Console())
    assert lines(panel, 80) == ["starting"]
    panel.step(3, 9)
    assert lines(panel, 80)[0].endswith("3/9")
    panel.step(4, 9)  # a rate needs two steps
    assert "left" in lines(panel, 80)[0]


def test_names_with_control_characters_are_escaped() -> None:
    panel = Panel(Console())
    panel.progress(ProgressReport(1, 9, {"a\x1b[2J/b": 1.0}, 3.0, 0, 61))
    assert "a\\x1b[2J" in lines(panel, 80)[1]


def test_a_sparkline_shows_the_smallest_to_the_largest_value() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == BLOCKS
    assert sparkline([0, 0, 7, 7], 2) == "▁█"
    assert sparkline([7, float("nan"), 0, float("inf")], 9) == "█ ▁ "
    assert sparkline([5, 5], 9) == "▁▁"
    assert sparkline([], 9) == sparkline([1.0], 0) == ""
    assert len(sparkline(list(range(1000)), 24)) == 24


def test_a_terminal_without_unicode_shows_no_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "encoding", "ascii")
    assert "".join(lines(filled_panel(), 80)).isascii()


def on_terminal(
    work: Callable[[], int], *, columns: int = 80, limit: int = 1 << 30, **environment: str
) -> tuple[int, str]:
    """Call `work` in a process on a terminal; return its result and the text on the terminal.

    The terminal is closed after `limit` bytes.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    received: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the process has closed the terminal
            while sum(map(len, received)) < limit and (data := os.read(master, 4096)):
                received.append(data)
        os.close(master)

    def run(_: int) -> int:
        for number in (0, 1, 2):
            os.dup2(slave, number)
        os.close(slave)
        os.close(master)
        for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "WORLD_SIZE", "RANK"):
            os.environ.pop(name, None)
        os.environ |= {"TERM": "xterm-256color", **environment}
        sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
        with console.safe_streams(), console.warnings_on_stderr():
            return work()

    reader = threading.Thread(target=read)
    reader.start()
    [result] = two_processes.run(run, world=1)
    os.close(slave)
    reader.join(20)
    assert not reader.is_alive()
    return result, b"".join(received).decode()


def training(root: Path, steps: int = 6) -> int:
    """Train with a panel, a message before and a warning after; return the last step."""
    config = small_runs.config(root, train__steps=steps, train__log_every=1, train__preview_every=2)
    with progress_bar.shown_progress(quiet=False) as progress:
        logger = logging.getLogger("translate.test")
        logger.info("a message")
        result = train.start(config, out=root / "run", progress=progress)
        logger.warning("a fault")
        return result.step


def test_training_on_a_terminal_shows_a_panel_and_leaves_its_last_state(root: Path) -> None:
    step, text = on_terminal(lambda: training(root))
    shown = plain_lines(text)
    assert step == 6
    assert "a message" in shown and "Warning: a fault" in shown
    last = shown[max(n for n, line in enumerate(shown) if "6/6" in line) :]
    assert [line.split()[0] for line in last[1:]] == [
        *("generators", "discriminators", "speed", "memory", "preview")
    ]
    assert last[-1].endswith("run/previews/step-00000006.png")
    assert HIDE_CURSOR in text and text.rindex(SHOW_CURSOR) > text.rindex(HIDE_CURSOR)
    assert max(map(len, without_messages(shown))) <= 80


def test_no_color_and_narrow_terminals_are_respected(root: Path) -> None:
    _, text = on_terminal(lambda: training(root, 2), columns=40, NO_COLOR="1")
    assert HIDE_CURSOR in text  # a panel
    assert not re.search(r"\x1b\[[\d;]*(3|4|9)\d[\d;]*m", text)
    assert max(map(len, without_messages(plain_lines(text)))) <= 40


def test_a_dumb_terminal_gets_plain_lines(root: Path) -> None:
    _, text = on_terminal(lambda: training(root, 2), TERM="dumb")
    assert "\x1b" not in text and "step 2/2" in text


def test_a_terminal_that_is_closed_does_not_end_training(root: Path) -> None:
    step, text = on_terminal(lambda: training(root), limit=1)
    assert (step, (root / "run/checkpoints/step-00000006").is_dir()) == (6, True)
    assert "6/6" not in text


def without_messages(lines: list[str]) -> list[str]:
    """Return lines without the first message, with the path of the run folder, of any length."""
    return [line for line in lines if not line.startswith("training ")]


def plain_lines(text: str) -> list[str]:
    """Return the lines that a terminal got, without control sequences."""
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text)
    return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
