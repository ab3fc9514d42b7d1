"""`translate datasets`: settings, options of the group, and exit codes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_result import CommandResult
from PIL import Image

Run = Callable[..., CommandResult]


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    for name in ("a/train", "a/test", "b/train", "b/test"):
        image_folder(name, 30 if "train" in name else 3)
    return tmp_path


def test_broken_images_are_exit_code_3(run_command: Run, root: Path) -> None:
    good = run_command("datasets", "check", "a", "b", "--data", root, "--size", "32")
    assert (good.code, good.err) == (0, "")
    (root / "a/train/0001.png").write_bytes(b"")
    bad = run_command("datasets", "check", "a", "--data", root, "--quiet")
    assert bad.code == 3
    assert bad.out.splitlines()[0].endswith("0001.png: an empty file: skipped and listed")
    as_json = run_command("datasets", "check", "a", "--data", root, "--json")
    assert '"state": "broken"' in as_json.out


def test_check_accepts_the_settings_of_data_and_refuses_others(
    run_command: Run, root: Path
) -> None:
    for number in range(2):
        for folder in ("train", "p"):
            (root / folder).mkdir(exist_ok=True)
        Image.new("RGB", (64, 32)).save(root / f"train/{number}.png")
        for name in ("in", "out"):
            Image.new("RGB", (40, 40)).save(root / f"p/{number}_{name}.png")
    Image.new("RGB", (40, 40)).save(root / "p/9_in.png")

    def check(*arguments: str) -> CommandResult:
        return run_command("datasets", "check", *arguments, "--data", root, "--size", "32")

    side_by_side = ("left", "right", "--layout", "side-by-side")
    assert "needs the names of the left and the right half" in check(*side_by_side).err
    result = check(*side_by_side, "--set", "data.layout={name: side-by-side, sides: [left, right]}")
    assert "train: 2 items in 2 files" in result.out, result.err
    suffix = ("p", "--set", "data.layout={name: suffix, source: _in, target: _out}")
    Image.new("RGB", (40, 40)).save(root / "p/8\n8_in.png")
    assert check(*suffix).err.splitlines()[:4] == [
        "Error: images without a partner: 2 of *_in, 0 of *_out",
        "  only in *_in  only in *_out",
        "  8\\n8",
        "  9",
    ]
    result = check(*suffix, "--drop-unpaired")
    assert "train: 2 items in 4 files" in result.out and "skipped 2 images" in result.out
    for setting, message in {
        "data.sizes=3": "data.sizes: unknown key. Did you mean 'size'?",
        "data.size=0": "data.size: expected",
        "train.steps=3": "--set train.steps: expected data.KEY=VALUE, as no model is made.",
        "size": "--set size: expected section.key=VALUE.",
    }.items():
        assert message in check("a", "--set", setting).err


def test_options_of_the_group_are_defaults_of_its_commands(run_command: Run, root: Path) -> None:
    by_group = run_command("datasets", "--data", root, "check", "a", "--size", "32")
    assert by_group.out == run_command("datasets", "check", "a", "--data", root, "--size", "32").out
    assert by_group.out.startswith("  train: 30 items")
    (root / "elsewhere/a/train").mkdir(parents=True)
    shutil.copy(root / "a/train/0001.png", root / "elsewhere/a/train")
    by_command = run_command("datasets", "--data", root, "check", "a", "--data", root / "elsewhere")
    assert by_command.out.startswith("  train: 1 items")
