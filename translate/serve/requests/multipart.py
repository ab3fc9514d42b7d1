"""Encode several files as one response, a form that browsers read by ``Response.formData``."""

from collections.abc import Sequence
from secrets import token_hex
from typing import NamedTuple

MEDIA_TYPE = "multipart/form-data"


class Part(NamedTuple):
    """One file of a form."""

    name: str
    """name of the form field"""
    file_name: str
    media_type: str
    data: bytes


def encode_form(parts: Sequence[Part]) -> tuple[bytes, str]:
    """Return the body and the content type of a form of files (RFC 7578)."""
    boundary = token_hex(16)
    body = bytearray()
    for part in parts:
        body += (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{part.name}"; filename="{part.file_name}"\r\n'
            f"Content-Type: {part.media_type}\r\n\r\n"
        ).encode()
        body += part.data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return bytes(body), f"{MEDIA_TYPE}; boundary={boundary}"
