"""The socket of a server, the names of its models, and connections that send too little."""

import socket
import time
from pathlib import Path

import pytest
from served import running_server

from translate.errors import ConfigError
from translate.serve.requests.limits import Limits
from translate.serve.server import bound_socket, unique_names


def test_a_port_in_use_has_an_error_of_one_line() -> None:
    with bound_socket("127.0.0.1", 0) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        text = rf"--port {port}: cannot be used on 127\.0\.0\.1 \("
        with pytest.raises(ConfigError, match=text), bound_socket("127.0.0.1", port):
            raise AssertionError


def test_a_host_without_an_address_has_an_error_of_one_line() -> None:
    text = r"--host no\.such\.host\.invalid: expected an address"
    with pytest.raises(ConfigError, match=text), bound_socket("no.such.host.invalid", 0):
        raise AssertionError


def test_models_have_names_without_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    step = "runs/b/checkpoints/step-00000500"
    assert unique_names(["runs/a", "old/a", "a@500", step, "."]) == [
        *("a", "a-2", "a@500", "b", tmp_path.name)
    ]
    assert unique_names(["/x/naïve name", "/"]) == ["na-ve-name", "model"]


def test_S3_a_connection_without_a_whole_request_is_closed() -> None:
    limits = Limits(head_seconds=0.3)
    with running_server({}, limits=limits) as address:
        host_and_port = ("127.0.0.1", int(address.rpartition(":")[2]))
        for part in (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"):
            with socket.create_connection(host_and_port, timeout=5) as client:
                start = time.monotonic()
                client.sendall(part)
                assert client.recv(1) == b""
                assert 0.2 < time.monotonic() - start < 3
        with socket.create_connection(host_and_port, timeout=5) as client:
            client.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
