"""`translate datasets`: settings, options of the group, and exit codes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_result import CommandResult
from PIL import Image


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    for name in ("a/train", "a/test", "b/train", "b/test"):
        image_folder(name, 30 if "train" in name else 3)
    return tmp_path


def test_the_command_exits_3_where_something_is_broken(
    run_command: Callable[..., CommandResult], root: Path
) -> None:
    good = run_command("datasets", "check", "a", "b", "--data", root, "--size", "32")
    assert (good.code, good.err) == (0, "")
    (root / "a/train/0001.png").write_bytes(b"")
    bad = run_command("datasets", "check", "a", "--data", root, "--quiet")
    assert bad.code == 3
    assert bad.out.splitlines()[0].endswith("0001.png: an empty file: left out and listed")
    assert (
        '"state": "broken"' in run_command("datasets", "check", "a", "--data", root, "--json").out
    )


def test_every_setting_of_data_is_taken(
    run_command: Callable[..., CommandResult], root: Path
) -> None:
    for number in range(2):
        for folder in ("train", "p"):
            (root / folder).mkdir(exist_ok=True)
        Image.new("RGB", (64, 32)).save(root / f"train/{number}.png")
        for name in ("in", "out"):
            Image.new("RGB", (40, 40)).save(root / f"p/{number}_{name}.png")
    Image.new("RGB", (40, 40)).save(root / "p/9_in.png")

    def check(*given: str) -> CommandResult:
        return run_command("datasets", "check", *given, "--data", root, "--size", "32")

    joined = ("left", "right", "--layout", "side-by-side")
    assert "needs the names of the left and the right half" in check(*joined).err
    done = check(*joined, "--set", "data.layout={name: side-by-side, sides: [left, right]}")
    assert "train: 2 items in 2 files" in done.out, done.err
    suffix = ("p", "--set", "data.layout={name: suffix, source: _in, target: _out}")
    Image.new("RGB", (40, 40)).save(root / "p/8\n8_in.png")
    assert check(*suffix).err.splitlines()[:4] == [
        "Error: images without a partner: 2 of *_in, 0 of *_out",
        "  only in *_in  only in *_out",
        "  8\\n8",
        "  9",
    ]
    done = check(*suffix, "--drop-unpaired")
    assert "train: 2 items in 4 files" in done.out and "skipped 2 images" in done.out
    for wrong, message in {
        "data.sizes=3": "data.sizes: unknown key. Did you mean 'size'?",
        "data.size=0": "data.size: expected",
        "train.steps=3": "--set train.steps: no model is made here, expected data.KEY=VALUE.",
        "size": "--set size: expected section.key=VALUE.",
    }.items():
        assert message in check("a", "--set", wrong).err


def test_options_of_the_group_hold_for_its_commands_which_may_say_otherwise(
    run_command: Callable[..., CommandResult], root: Path
) -> None:
    here = run_command("datasets", "--data", root, "check", "a", "--size", "32")
    assert here.out == run_command("datasets", "check", "a", "--data", root, "--size", "32").out
    assert here.out.startswith("  train: 30 items")
    (root / "elsewhere/a/train").mkdir(parents=True)
    shutil.copy(root / "a/train/0001.png", root / "elsewhere/a/train")
    there = run_command("datasets", "--data", root, "check", "a", "--data", root / "elsewhere")
    assert there.out.startswith("  train: 1 items")
