"""Messages between the server and the process of a model: JSON and bytes, no pickles."""

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any, NamedTuple


class Result(NamedTuple):
    """An image that a client gets."""

    data: bytes
    suffix: str
    media_type: str
    notes: list[str]
    """information that reading the input lost"""
    previews: Mapping[str, bytes] = {}
    """PNG files ``before`` and ``after``: input and output, if browsers do not display them"""


def send(connection: Connection, head: Mapping[str, Any], *files: bytes | None) -> None:
    """Send JSON and the content of files."""
    present = [data is not None for data in files]
    connection.send_bytes(json.dumps({"head": head, "files": present}).encode())
    for data in files:
        if data is not None:
            connection.send_bytes(data)


def receive(connection: Connection) -> tuple[dict[str, Any], list[bytes | None]]:
    """Return what `send` sent; raises `EOFError` or `OSError` if the other process has ended."""
    message = json.loads(connection.recv_bytes())
    files = [connection.recv_bytes() if present else None for present in message["files"]]
    return message["head"], files
