"""Run commands in forks of a process that has imported the program: see warm_server."""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from command_result import ROOT

MODULES = ("torch._dynamo", "translate.cli", "translate.api", "translate.engine.inference.folder")
"""what commands import; the first is imported by optimizers, in two seconds"""


class WarmProcess:
    """A process that has imported the program, and runs commands one after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def run(
        self, *arguments: object, folder: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run ``translate`` in a child process, with the result of `subprocess.run`."""
        words = [str(argument) for argument in arguments]
        request: dict[str, Any] = {
            "arguments": words, "folder": str(folder), "environment": dict(environment)
        }  # fmt: skip
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            message = f"{json.dumps(request)}\n".encode()
            sent = socket.send_fds(self.connection, [message], [out.fileno(), err.fileno()])
            self.connection.sendall(message[sent:])
            reply = self.connection.recv(100)
            assert reply, "the process that forks has ended: see its error above"
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(words, int(reply), *texts)


@contextmanager
def warm_process(
    python: str, modules: Sequence[str] = (), environment: Mapping[str, str] = os.environ
) -> Iterator[WarmProcess]:
    """Start a process of the interpreter `python` that imports `MODULES` and `modules`."""
    client, server = socket.socketpair()
    script = ROOT / "tests/support/warm_server.py"
    command = [python, str(script), str(server.fileno()), *MODULES, *modules]
    with client, subprocess.Popen(command, pass_fds=[server.fileno()], env=environment) as process:
        server.close()
        yield WarmProcess(client)
        client.close()
        assert process.wait(60) == 0
