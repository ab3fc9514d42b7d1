"""`translate serve`: errors before a model is loaded, the start and the end of the server."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import small_checkpoints
from encoded_arrays import write_array
from page_blocks import blocks_run_by
from PIL import Image
from subprocesses import start_command, surviving_processes

from translate.api import Translator
from translate.batches import Domain
from translate.serve.server import bound_socket

Run = Callable[..., Any]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2"])
def test_S1_another_host_without_a_token_is_refused(host: str, run_command: Run) -> None:
    outcome = run_command("serve", "run", "--host", host)
    assert outcome.code == 2 and outcome.out == ""
    assert outcome.err.startswith(f"Error: --host {host}: other machines can reach this address")


def test_a_port_in_use_is_an_error_before_a_model_is_loaded(run_command: Run) -> None:
    with bound_socket("127.0.0.1", 0) as bound:
        bound.listen()
        outcome = run_command("serve", "run", "--port", bound.getsockname()[1])
    assert outcome.code == 2 and "cannot be used on 127.0.0.1" in outcome.err


def test_a_missing_extra_is_a_one_line_error_with_the_command_that_installs_it(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("translate.cli.serve.find_spec", lambda name: name != "uvicorn" or None)
    outcome = run_command("serve", "run")
    assert outcome.code == 2
    assert outcome.err == (
        "Error: translate serve needs uvicorn, which is not installed: "
        'pip install "translate-kit[serve]"\n'
    )


@pytest.mark.slow
def test_a_missing_run_is_a_one_line_error(run_command: Run) -> None:
    outcome = run_command("serve", "runs/none", "--port", 0)
    assert outcome.code == 2 and outcome.out == ""
    assert outcome.err.startswith("Error: ") and "runs/none" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_and_the_processes_of_its_models(
    number: signal.Signals, tmp_path: Path
) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "mine")
    process = start_command(
        "serve", run, "--port", 0, "--token", "--device", "cpu", start_new_session=True
    )
    try:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[0] == "mine: step 1\n"
        address, token = re.findall(r"(http://127\.0\.0\.1:\d+)/#token=(\S+)", lines[1])[0]
        assert token not in lines[2]
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{address}/v1/models", headers=headers)
        assert answer.json()["models"][0]["id"] == "mine"
    finally:
        os.killpg(process.pid, number)  # as a terminal and systemd do
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "finishing requests in progress" in out and err == ""
    assert not surviving_processes(process)


@pytest.mark.slow
def test_the_commands_of_the_page_work_as_printed(tmp_path: Path, run_command: Run) -> None:
    server, requests = (block.text for block in blocks_run_by(__file__))
    scans = [Domain(name, 1, (-1024.0, 3071.0), "int16") for name in ("mr", "ct")]
    photos = small_checkpoints.cyclegan(tmp_path / "runs/cyclegan-summer-winter")
    scanner = small_checkpoints.cyclegan(tmp_path / "runs/mr-ct", kinds=scans)
    assert run_command("export", photos, tmp_path / "runs/model.onnx").code == 0
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.jpg")
    write_array(tmp_path / "mr.tif", np.arange(-960, 960, dtype=np.int16).reshape(40, 48))
    _, *arguments = shlex.split(server)
    process = start_command(*arguments, cwd=tmp_path, start_new_session=True)
    try:
        assert process.stdout
        while "Ctrl-C stops" not in (line := process.stdout.readline()):
            assert line, process.communicate()
        subprocess.run(["bash", "-euc", requests], cwd=tmp_path, check=True)
    finally:
        os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    for run, image, translated in (
        (photos, "photo.jpg", "winter.jpg"),
        (scanner, "mr.tif", "ct.tif"),
    ):
        Translator.load(run, device="cpu").folder(tmp_path / image, tmp_path / "out")
        assert (tmp_path / translated).read_bytes() == (tmp_path / "out" / image).read_bytes()
