"""Odd requests to a real server with processes that record the files and addresses they open."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import ruamel.yaml
import small_checkpoints
from command_result import ROOT
from odd_requests import FILE_FORMATS, ODD_NAMES, SECRET, Fuzzer
from random_images import encode, noise

from translate.engine.system.memory import CONTROL_GROUPS

COMMAND = ROOT / "tests/support/audited_command.py"
REQUESTS = 2000
READABLE = (
    str(Path(ruamel.yaml.__file__).parent),  # ruamel.yaml looks for plugins in its folder
    *map(str, CONTROL_GROUPS),  # these and the next file say how much memory is free
    "/proc/meminfo",
)
"""files that every request may open"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture
def listener() -> Iterator[tuple[str, list[object]]]:
    """Return the URL of a listener, and the list of connections to it."""
    connections: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server_socket:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server_socket.accept()
                except OSError:
                    return
                connections.append(connection)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server_socket.getsockname()[1]}/hit", connections
        server_socket.shutdown(socket.SHUT_RDWR)
        thread.join(5)


class Server:
    """`translate serve` with an audit hook in each of its processes."""

    def __init__(self, folder: Path) -> None:
        runs = [small_checkpoints.cyclegan(folder / "cycle"), small_checkpoints.cgan(folder / "c")]
        self.log = folder / "audit.log"
        self.process = subprocess.Popen(
            [sys.executable, COMMAND, "serve", *runs, "--port", "0", "--device", "cpu"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "AUDIT_LOG": str(self.log)},
        )
        assert self.process.stdout
        lines = [self.process.stdout.readline() for _ in range(3)]
        self.address = re.findall(r"http://[\d.:]+", lines[2])[0]

    def events(self) -> list[str]:
        return self.log.read_text().splitlines()

    def memory(self) -> list[int]:
        """Return the resident memory of the server and of its models, in kB."""
        server = self.process.pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        texts = [Path(f"/proc/{n}/status").read_text() for n in (server, *children)]
        return [int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) for text in texts]

    def stop(self) -> tuple[int, str]:
        """Send Ctrl-C; return the exit code and what was printed to standard error."""
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    if running.process.poll() is None:
        running.stop()
    for stream in (running.process.stdout, running.process.stderr):
        assert stream
        stream.close()


@pytest.mark.slow
def test_P12_S2_S6_2000_odd_requests_open_no_file_and_no_connection(
    server: Server, secret: Path, listener: tuple[str, list[object]]
) -> None:
    url, connections = listener
    names = [str(secret), f"..{secret}", f"file://{secret}", f"../../../../..{secret}", url]
    names += [str(secret).replace("/", "%2f"), str(secret).replace("/", "%252f")]
    fuzzer = Fuzzer([*names, *names, *ODD_NAMES])
    with httpx.Client(base_url=server.address, timeout=60) as client:

        def send_odd_request() -> httpx.Response:
            request = fuzzer.request()
            return client.request(request.pop("method"), request.pop("path"), **request)

        for file_format in FILE_FORMATS:  # its codec is imported at first use
            content = encode(noise(16, 24, 3), file_format)
            assert client.post("/v1/translate", content=content).status_code == 200
        for _ in range(200):
            send_odd_request()
        events, memory = len(server.events()), server.memory()
        statuses = Counter[int]()
        for _ in range(REQUESTS):
            response = send_odd_request()
            statuses[response.status_code] += 1
            assert SECRET not in response.text
    later = [
        line for line in server.events()[events:] if not any(path in line for path in READABLE)
    ]
    assert later == []
    assert not any(SECRET in line or str(secret) in line for line in server.events())
    assert not connections
    assert statuses.keys() <= {200, 400, 404, 405, 413, 422}, statuses
    assert all(statuses[status] >= 50 for status in (200, 400, 404, 422)), statuses
    after = server.memory()
    assert len(after) == len(memory)
    assert all(now - then < 20_000 for now, then in zip(after, memory, strict=True)), after
    assert server.stop() == (130, "")


@pytest.mark.slow
def test_requests_in_progress_are_finished_after_ctrl_c(server: Server) -> None:
    image = encode(noise(16, 24, 3))

    def body() -> Iterator[bytes]:
        yield image[:100]
        server.process.send_signal(signal.SIGINT)
        assert server.process.stdout
        assert "finishing requests in progress" in server.process.stdout.readline()
        yield image[100:]

    assert httpx.post(f"{server.address}/v1/translate", content=body()).status_code == 200
    server.process.wait(20)
    assert server.process.returncode == 130
