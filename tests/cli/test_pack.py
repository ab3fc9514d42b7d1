"""`translate pack`, and packs in place of runs."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints

Run = Callable[..., Any]


@pytest.fixture
def pack(run_command: Run, tmp_path: Path) -> Path:
    small_checkpoints.cyclegan(tmp_path / "runs/winter")
    packed = run_command("pack", "runs/winter", "winter.zip", "--license", "mit")
    assert packed.code == 0 and packed.out.startswith("winter.zip: ")
    assert "its card does not state every licence" in packed.out
    return Path("winter.zip")


def test_a_pack_translates_like_its_run_and_is_accepted_by_other_commands(
    run_command: Run, image_folder: Callable[..., Path], pack: Path
) -> None:
    image_folder("photos", 1)
    run_command("infer", "runs/winter", "photos", "a", "--quiet")
    run_command("infer", pack, "photos", "b", "--quiet")
    (name,) = (path.name for path in Path("a").glob("*.png"))
    assert (Path("a") / name).read_bytes() == (Path("b") / name).read_bytes()
    assert run_command("verify", f"b/{name}", "--model", pack).code == 0
    described = run_command("show", pack)
    assert "translate infer winter.zip SOURCE OUT --to winter" in described.out
    assert "recipe: cyclegan" in described.out


def test_verify_opens_no_connection(
    run_command: Run, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    verified = run_command("verify", pack)
    assert verified.code == 0 and "sample   equal" in verified.out
    assert json.loads(run_command("verify", pack, "--json").out)["equal"] is True
    refused = run_command("verify", pack, "--model", "runs/winter")
    assert refused.code == 2 and "leave it out" in refused.err


def test_a_damaged_pack_is_refused(run_command: Run, pack: Path) -> None:
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    refused = run_command("verify", pack)
    assert refused.code == 2 and "Error: winter.zip is " in refused.err
    assert "has other bytes than were packed" in refused.err or "damaged" in refused.err
