"""Ways to damage a file that the program wrote, such as run.json."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

DEEP = b'{"step": ' + b"[" * 200 + b"]" * 200 + b"}"
DEEPEST = b'{"step": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
Damage = Callable[[Path], object]


def with_content(data: bytes) -> Damage:
    """Return a function that replaces the content of a file."""
    return lambda path: path.write_bytes(data)


def replace_by_folder(path: Path) -> None:
    """Put a folder in the place of a file."""
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    """Put a named pipe in the place of a file."""
    path.unlink()
    os.mkfifo(path)


def replace_by_link(target: str) -> Damage:
    """Return a function that puts a symbolic link in the place of a file."""

    def damage(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return damage


DAMAGES: dict[str, Damage] = {
    "empty": with_content(b""),
    "a list": with_content(b"[1, 2]"),
    "null": with_content(b"null"),
    "text": with_content(b'"step"'),
    "no text": with_content(b"\xff\xfe\x00"),
    "deep": with_content(DEEP),
    "deepest": with_content(DEEPEST),
    "a long number": with_content(b'{"step": ' + b"9" * 5000 + b"}"),
    "a folder": replace_by_folder,
    "a pipe": replace_by_pipe,
    "a device": replace_by_link("/dev/zero"),
    "a dead link": replace_by_link("nowhere"),
    "a link to itself": replace_by_link("run.json"),
}
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def one_line_message(error: BaseException) -> str:
    """Return the text of an error, which must be one short line."""
    text = str(error)
    assert "\n" not in text and len(text) < 1000, text
    return text
