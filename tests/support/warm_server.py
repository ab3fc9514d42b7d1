"""A process that has imported the program, and forks a child for each command.

python warm_server.py SOCKET MODULE ...

Each request is a line of JSON with the file descriptors of standard output and error; the reply is
the exit code. A child has the arguments, folder, environment and streams of the request. Unlike a
new process of `translate`, a child has the modules in memory already.
"""

import atexit
import gc
import json
import os
import runpy
import socket
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Import the modules, and run commands until the client closes the socket."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        import_module(name)
    gc.freeze()  # a collection in a child would copy the pages of all these objects
    while True:
        message, streams, _, _ = socket.recv_fds(connection, 1 << 16, 2)
        while message and not message.endswith(b"\n"):
            message += connection.recv(1 << 16)
        if not message:
            return
        child = os.fork()
        if not child:
            connection.close()
            run_as_child(json.loads(message), streams)
            return
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        connection.send(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def run_as_child(request: dict[str, Any], streams: list[int]) -> None:
    """Run the command of a request in this process, a child of the server."""
    for number, stream in enumerate([os.open(os.devnull, os.O_RDONLY), *streams]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv, sys.path[0] = ["translate", *request["arguments"]], request["folder"]
    try:
        runpy.run_module("translate", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        atexit._run_exitfuncs()
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(int(end.code or 0))  # to free all objects first would copy the pages of all


if __name__ == "__main__":
    main()
