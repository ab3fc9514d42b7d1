"""Ctrl-C while a command starts, and threads that never end."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from exit_codes import exit_code

from translate.cli import guard, show
from translate.errors import ConfigError


def test_T23_a_thread_that_never_ends_does_not_keep_the_process_alive(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_codes: list[int] = []
    monkeypatch.setattr(guard.os, "_exit", exit_codes.append)
    monkeypatch.setattr(guard, "EXIT_SECONDS", 0.05)
    end_of_thread = threading.Event()
    thread = threading.Thread(target=end_of_thread.wait, name="tracker", daemon=False)
    thread.start()
    try:
        with pytest.raises(SystemExit):
            guard.end_process(3)
    finally:
        end_of_thread.set()
        thread.join()
    assert exit_codes == [3]
    assert "while tracker was still at work" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        guard.end_process(3)
    assert (exit_codes, end.value.code) == ([3], 3)


@pytest.mark.parametrize("error", [ImportError("numpy: loaded twice"), ConfigError("no recipe")])
def test_ctrl_c_that_a_library_turns_into_another_error_is_exit_code_130(
    error: Exception,
    user_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def import_a_library(*_: object) -> str:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise error

    monkeypatch.setattr(show, "describe", import_a_library)
    assert exit_code("show", "cyclegan") == 130
    assert capsys.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not list(user_folder.iterdir())


def test_ctrl_c_during_the_import_of_the_command_prints_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import signal; signal.raise_signal(signal.SIGINT)")
    done = subprocess.run(
        [sys.executable, "-m", "translate", "--help"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
