"""Messages between the server and the process of a model: JSON and bytes, no pickles."""

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any, NamedTuple


class Result(NamedTuple):
    """The image file that a client gets, as the process of the model returns it."""

    data: bytes
    """content of the file"""
    suffix: str
    """suffix of the file, such as ``.png``"""
    media_type: str
    notes: list[str]
    """what was lost when the input was read, such as 16-bit values"""
    previews: Mapping[str, bytes] = {}
    """PNG files ``before`` (input) and ``after`` (output), if browsers cannot display both"""


def send(connection: Connection, head: Mapping[str, Any], *files: bytes | None) -> None:
    """Send `head` as JSON, and the content of files; None stands for a file that is absent."""
    present = [data is not None for data in files]
    connection.send_bytes(json.dumps({"head": head, "files": present}).encode())
    for data in files:
        if data is not None:
            connection.send_bytes(data)


def receive(connection: Connection) -> tuple[dict[str, Any], list[bytes | None]]:
    """Receive what `send` sent: the head and the files.

    Raises `EOFError` or `OSError` if the other process has ended.
    """
    message = json.loads(connection.recv_bytes())
    files = [connection.recv_bytes() if present else None for present in message["files"]]
    return message["head"], files
