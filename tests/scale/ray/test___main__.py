"""The command has the options of `translate infer`, and its exit codes."""

from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from translate.cli import infer, main
from translate.scale.ray.__main__ import command


def run(*arguments: object) -> tuple[int, str]:
    text = StringIO()
    with redirect_stdout(text), redirect_stderr(text), pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments], command)
    return int(end.value.code or 0), text.getvalue()


def test_the_command_has_all_options_of_infer_except_two_and_options_of_the_cluster() -> None:
    names = {p.name for p in command.params}
    assert {p.name for p in infer.command.params} - names == {"device", "trust"}
    assert names >= {"actors", "gpus", "cpus", "address"}
    code, text = run("--help")
    assert code == 0 and "--actors N" in text and "--batch-size N" in text


def test_wrong_usage_ends_with_the_exit_code_2(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    photos = image_folder("photos", 1)
    code, text = run(tmp_path / "nothing", photos, tmp_path / "out")
    assert code == 2 and "nothing" in text
    code, text = run(tmp_path, photos, tmp_path / "out", "--actors", 0)
    assert code == 2 and "--actors" in text


def test_a_missing_ray_ends_with_the_exit_code_2_and_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("translate.errors.find_spec", lambda _: None)
    code, text = run(tmp_path, tmp_path, tmp_path / "out")
    assert code == 2 and 'pip install "translate-kit[ray]"' in text
