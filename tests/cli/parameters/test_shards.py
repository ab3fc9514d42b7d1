"""`translate infer --shard` and `--missing` as commands: messages and exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints

Run = Callable[..., Any]


def test_an_array_of_shards_is_run_until_nothing_is_missing(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in", 6, size=8)
    (tmp_path / "in/bad.png").touch()
    small_checkpoints.cyclegan(tmp_path / "run")
    command = ("infer", "run", "in", "out")
    list_missing = (*command, "--shard", "0/3", "--missing")
    assert run_command(*list_missing)[:2] == (3, "0-2\n")
    codes = [run_command(*command, "--shard", f"{k}/3").code for k in (0, 2)]
    assert run_command(*list_missing)[:2] == (3, "1\n")
    last = run_command(*command, "--shard", "1/3")
    assert sorted([*codes, last.code]) == [0, 0, 3], "the shard of the bad file lists it"
    assert run_command(*list_missing)[:2] == (0, "\n")
    records = [json.loads(p.read_text()) for p in tmp_path.glob("out/.shards/*-of-3.json")]
    assert [sum(r[key] for r in records) for key in ("requested", "done", "listed")] == [7, 6, 1]
    again = run_command(*command, "--shard", "1/3")
    assert "0 done" in again.out and run_command(*list_missing).code == 0
    refused = run_command(*command, "--shard", "1/3", "--to", "summer")
    assert refused.code == 2 and "another model or other options" in refused.err
    refused = run_command(*command, "--shard", "1/3", "--format", "bmp")
    assert refused.code == 2 and "another model or other options" in refused.err
    refused = run_command(*command, "--shard", "1/3", "--limit", 1)
    assert refused.code == 2 and "would leave shard 1/3 incomplete" in refused.err
    assert run_command(*list_missing).code == 0, "nothing was changed"


def test_a_file_of_names_is_read_instead_of_the_folder(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in/a", 3, size=8)
    small_checkpoints.cyclegan(tmp_path / "run")
    names = ["a/0000.png", "in/a/0001.png", "./a/none.png", "../run/config.yaml", "/etc/x.png"]
    (tmp_path / "names.txt").write_text("\n".join(names))
    result = run_command("infer", "run", "in", "out", "--files", "names.txt")
    assert result.code == 3
    assert "2 done, 0 skipped (already there), 3 listed" in result.out
    assert {p.name for p in (tmp_path / "out/a").iterdir()} == {"0000.png", "0001.png"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--missing",), "--shard 0/N --missing"),
        (("--shard", "3/3"), "expected K from 0 to 2"),
        (("--files", "none.txt"), "there is no file none.txt"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run_command: Run, options: tuple[object, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    result = run_command("infer", "run", "in", "out", *options)
    assert result.code == 2 and message in result.err
