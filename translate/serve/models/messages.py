"""Messages between the server and the process of a model: JSON and bytes, nothing pickled."""

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any, NamedTuple


class Result(NamedTuple):
    """An image for a client."""

    data: bytes
    suffix: str
    media_type: str
    notes: list[str]
    """information that the input lost when it was read"""
    previews: Mapping[str, bytes] = {}
    """PNG files of what a browser does not show, ``before`` and ``after`` the translation"""


def send(connection: Connection, head: Mapping[str, Any], *files: bytes | None) -> None:
    """Send JSON and the content of files."""
    present = [data is not None for data in files]
    connection.send_bytes(json.dumps({"head": head, "files": present}).encode())
    for data in files:
        if data is not None:
            connection.send_bytes(data)


def receive(connection: Connection) -> tuple[dict[str, Any], list[bytes | None]]:
    """Return what `send` has sent; raises `EOFError` or `OSError` if the other side ended."""
    message = json.loads(connection.recv_bytes())
    files = [connection.recv_bytes() if there else None for there in message["files"]]
    return message["head"], files
