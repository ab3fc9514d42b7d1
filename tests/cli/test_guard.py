"""Exceptions in a command: an error of one line, a log file with the traceback, an exit code."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exit_codes import exit_code
from odd_exceptions import PanicException, UnprintableError

from translate.cli import guard, main, show

Run = Callable[..., Any]


def raiser(error: BaseException) -> Callable[..., str]:
    """Return a function that raises `error`."""

    def raise_(*_: object) -> str:
        raise error

    return raise_


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("division by zero"),
        KeyError("x"),
        RecursionError("maximum recursion depth exceeded"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        SystemExit(0),
        PanicException("x"),
        UnprintableError(),
    ],
)
def test_an_unexpected_exception_gives_one_line_a_log_file_and_exit_code_1(
    error: BaseException,
    user_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(show, "describe", raiser(error))
    assert exit_code("show", "cyclegan") == 1
    out, err = capsys.readouterr()
    (log,) = user_folder.glob("translate-error-*.log")
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("Error: ") and type(error).__name__ in err
    assert "bug of translate: please report it" in err
    assert str(log) in err and "TRANSLATE_DEBUG=1" in err
    assert "Traceback (most recent call last)" in log.read_text()
    assert type(error).__name__ in log.read_text()


def test_the_log_is_written_to_the_temporary_folder_if_this_one_is_read_only(
    user_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "describe", raiser(KeyError("x")))
    monkeypatch.setattr(guard.tempfile, "gettempdir", lambda: str(user_folder / "temporary"))
    real = guard.files.replace

    def replace(path: Path, data: bytes) -> None:
        if path.parent == user_folder:
            raise PermissionError(13, "Permission denied")
        real(path, data)

    monkeypatch.setattr(guard.files, "replace", replace)
    assert exit_code("show", "cyclegan") == 1
    (log,) = (user_folder / "temporary").iterdir()
    assert str(log) in capsys.readouterr().err
    monkeypatch.setattr(guard.files, "replace", lambda *_: raiser(OSError(28, "No space left"))(""))
    assert exit_code("show", "cyclegan") == 1
    assert "could not be written to a file (No space left)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ImportError("libtorch.so: failed to map segment", name="torch"), "torch could not be"),
        (ModuleNotFoundError("No module named 'kornia'", name="kornia"), "translate doctor"),
        (MemoryError(), "too little memory"),
        (RuntimeError("can't start new thread"), "too little memory"),
        (ImportError("libc10.so: failed to map segment", name="_C"), " could not be loaded"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"), "TMPDIR=DIR"),
    ],
)
def test_a_library_that_cannot_be_loaded_is_named_with_exit_code_2(
    error: Exception,
    message: str,
    user_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(show, "describe", raiser(error))
    assert exit_code("show", "cyclegan") == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert not list(user_folder.iterdir())


@pytest.mark.usefixtures("user_folder")
def test_a_limited_address_space_is_reported_with_the_command_to_raise_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(guard, "_address_space_mb", lambda: 3500)
    monkeypatch.setattr(show, "describe", raiser(MemoryError()))
    assert exit_code("show", "cyclegan") == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert "PyTorch needs about 4000 MB: it may end the process" in warning
    assert "limited to 3500 MB: raise it, `ulimit -v unlimited`" in error


@pytest.mark.parametrize("kilobytes", [1_000_000, 2_500_000, 3_000_000, 3_300_000])
def test_an_address_space_that_PyTorch_cannot_be_imported_in_is_refused(kilobytes: int) -> None:
    command = f"ulimit -v {kilobytes}; exec '{sys.executable}' -m translate show cyclegan"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: the address space is limited to {kilobytes >> 10} MB, and PyTorch needs about "
        "4000 MB. Raise it: ulimit -v unlimited\n"
    )


@pytest.mark.usefixtures("user_folder")
def test_a_missing_module_of_ours_is_reported_as_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ModuleNotFoundError("No module named 'translate.x'", name="translate.x")
    monkeypatch.setattr(show, "describe", raiser(error))
    assert exit_code("show", "cyclegan") == 1


def test_with_TRANSLATE_DEBUG_the_exception_propagates(
    user_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSLATE_DEBUG", "1")
    monkeypatch.setattr(show, "describe", raiser(KeyError("x")))
    with pytest.raises(KeyError):
        main(["show", "cyclegan"])
    assert not list(user_folder.iterdir())


def test_a_deleted_working_directory_is_a_one_line_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert exit_code("show", "cyclegan") == 2
    assert "the working directory cannot be used: No such file" in capsys.readouterr().err
    assert exit_code("--help") == 0


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nError: b", "a\u202eb", "a\udcffb"])
@pytest.mark.parametrize("arguments", [["show"], [], ["infer", "x", "y", "z", "--frames"]])
@pytest.mark.usefixtures("user_folder")
def test_I13_a_name_in_an_error_is_escaped(
    name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*arguments, name) == 2
    err = capsys.readouterr().err
    assert not {"\x1b", "\u202e", "\udcff"} & set(err)
    assert "\nError: b" not in err


def test_shell_completion_exits_with_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TRANSLATE_COMPLETE", "bash_source")
    monkeypatch.setattr(sys, "argv", ["translate"])
    from translate.cli import cli

    with pytest.raises(SystemExit) as end:
        cli.main([], prog_name="translate", standalone_mode=False)
    assert end.value.code == 0


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(0)])
@pytest.mark.usefixtures("user_folder")
def test_an_exception_in_a_plugin_outside_a_step_is_attributed_to_the_plugin(
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    register_plugin: Callable[..., object],
) -> None:
    register_plugin(sys.modules[__name__], "other:strange")
    monkeypatch.setattr(show, "describe", raiser(error))
    assert exit_code("show", "cyclegan") == 2
    err = capsys.readouterr().err
    assert "plugin other:strange" in err
    assert "Report it to the plugin's author" in err
    assert "bug of translate" not in err
