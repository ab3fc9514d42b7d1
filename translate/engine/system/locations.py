"""Locations of files: a path of this machine, or the URL of an object in a store."""

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Base = Path  # for type checkers: functions that take a path take a URL, too
else:
    Base = PurePosixPath  # an operation on the disk of this machine is an error

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # one letter is a drive of Windows


class UrlPath(Base):
    """A URL such as ``s3://bucket/folder/x.png``, with the names and parents of a path."""

    def __str__(self) -> str:
        text = super().__str__()
        scheme, _, rest = text.partition(":")
        return f"{scheme}://{rest[1:]}" if self.parts and self.parts[0].endswith(":") else text

    @property
    def scheme(self) -> str:
        """The text before the colon, such as ``s3``."""
        return self.parts[0].removesuffix(":")

    @property
    def host(self) -> str:
        """The text after the slashes: the bucket or the computer."""
        return self.parts[1] if len(self.parts) > 1 else ""


def is_url(text: object) -> bool:
    """Return whether `text` is a URL such as ``s3://bucket/x``."""
    return isinstance(text, str) and SCHEME.match(text) is not None


def parse_location(text: str | Path) -> Path:
    """Return the path or `UrlPath` that `text` names; ``file:///x`` is a path."""
    match = SCHEME.match(str(text)) if isinstance(text, str) else None
    if match is None:
        return text if isinstance(text, Base) else Path(text)
    if match[1].lower() == "file":
        return Path(str(text)[match.end() :])
    return UrlPath(f"{match[1].lower()}:/{str(text)[match.end() :]}")


def join(directory: Path, path: Path) -> Path:
    """Return the path `directory` / `path`; a URL is returned unchanged."""
    return path if isinstance(path, UrlPath) else directory / path


def absolute(path: Path) -> Path:
    """Return the absolute path of `path`; a URL is returned unchanged."""
    return path if isinstance(path, UrlPath) else path.absolute()
