"""`translate weights`: a list for people and for programs, and a file that is added."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_result import CommandResult
from pretrained_files import WEIGHTS, register_losses

Run = Callable[..., CommandResult]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))


def test_the_list_names_size_licence_address_and_users(run_command: Run) -> None:
    listed = run_command("weights")
    assert (listed.code, listed.err) == (0, "")
    assert "vgg19-dcbb9e9d.pth  missing, 548 MB, BSD-3-Clause\n" in listed.out
    assert "used by loss perceptual" in listed.out
    assert "  https://download.pytorch.org/models/vgg19-dcbb9e9d.pth\n" in listed.out
    assert (
        listed.out.splitlines()[-1] == "Download a missing file, then: translate weights add FILE"
    )
    assert "vgg19-dcbb9e9d.pth\n" in run_command("weights", "--quiet").out


def test_the_list_can_be_printed_as_json(run_command: Run, tmp_path: Path) -> None:
    records = json.loads(run_command("weights", "--json").out)
    (record,) = (each for each in records if each["name"] == "vgg19-dcbb9e9d.pth")
    assert not record["present"]
    assert record["path"] == str(tmp_path / "cache/hub/checkpoints/vgg19-dcbb9e9d.pth")
    assert "loss perceptual" in record["used_by"]


def test_a_file_is_added_and_others_are_refused(
    run_command: Run, register_plugin: Callable[..., object], tmp_path: Path
) -> None:
    register_losses(register_plugin)
    (tmp_path / "mine.pth").write_bytes(WEIGHTS)
    added = tmp_path / "cache/hub/checkpoints/taste-v1.pth"
    message = f"Taste (Doe, 2020): {added}\n"
    assert run_command("weights", "add", "mine.pth") == (0, message, "")
    assert added.read_bytes() == WEIGHTS
    assert "taste-v1.pth  present, 3 MB, MIT\n" in run_command("weights").out
    assert run_command("weights", "add", "mine.pth", "--quiet").out == ""
    refused = run_command("weights", "add", "nothing.pth")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "Error: nothing.pth cannot be read: No such file or directory.\n"
