"""Encode several files as one response, which browsers read by ``Response.formData``."""

from collections.abc import Sequence
from secrets import token_hex
from typing import NamedTuple

MEDIA_TYPE = "multipart/form-data"


class Part(NamedTuple):
    """A file in a form."""

    name: str
    """the name of the field"""
    file: str
    """the file name"""
    media_type: str
    data: bytes


def encode_form(parts: Sequence[Part]) -> tuple[bytes, str]:
    """Return the body and the content type of a form of files (RFC 7578)."""
    boundary = token_hex(16)
    body = bytearray()
    for part in parts:
        body += (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{part.name}"; filename="{part.file}"\r\n'
            f"Content-Type: {part.media_type}\r\n\r\n"
        ).encode()
        body += part.data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return bytes(body), f"{MEDIA_TYPE}; boundary={boundary}"
