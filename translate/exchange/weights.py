"""Files of pretrained weights that plugins declare: listed, and added to the cache."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from translate.engine.disk import files
from translate.errors import ConfigError, SaveError, suggest
from translate.registry import HOOKS, Kind, list_registrations
from translate.weights import PretrainedFile, hash_file

CHUNK = 1 << 24
"""bytes that are copied at once"""


class DeclaredFile(NamedTuple):
    """A file, and the plugins that declare it."""

    file: PretrainedFile
    used_by: tuple[tuple[Kind, str], ...]
    """kind and name of each plugin, such as ``("metric", NAME)``"""


def declared_files() -> list[DeclaredFile]:
    """Return the files in the attribute ``pretrained`` of all plugins, ordered by name."""
    users: dict[PretrainedFile, list[tuple[Kind, str]]] = {}
    for kind in HOOKS:
        for registration in list_registrations(kind):
            for file in getattr(registration.factory, "pretrained", ()):
                users.setdefault(file, []).append((kind, registration.name))
    names = sorted(users, key=lambda file: file.name)
    return [DeclaredFile(file, tuple(users[file])) for file in names]


def add(source: Path) -> PretrainedFile:
    """Copy the downloaded file `source` to PyTorch's cache, and return which declared file it is.

    The file is recognized by its hash, whatever its name is, and must load without running code.

    Raises:
        ConfigError: The file is missing, or has the hash of no declared file.
        SaveError: The cache is not writable.
    """
    try:
        digest = hash_file(source)
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror or error}.") from error
    known_files = [user.file for user in declared_files()]
    matching = [file for file in known_files if digest.startswith(file.sha256)]
    if not matching:
        raise ConfigError(_unknown_file_message(source, digest, known_files))
    file = matching[0]
    file.check_tensors(source)
    if file.present and hash_file(file.path) == digest:
        return file
    try:
        files.replace(file.path, _Chunks(source))
    except OSError as error:
        raise SaveError(f"cannot write {file.path}: {error.strerror or error}.") from error
    return file


class _Chunks:
    """The content of a file in chunks; each iteration reads it again."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        with self.file.open("rb") as content:
            while chunk := content.read(CHUNK):
                yield chunk


def _unknown_file_message(source: Path, digest: str, known_files: list[PretrainedFile]) -> str:
    """Return a message for a file with an unknown hash."""
    for file in known_files:
        if source.name in (file.name, file.url.rpartition("/")[2]):
            return (
                f"{source} is incomplete or another file: its sha256 begins with {digest[:8]}, "
                f"not {file.sha256[:8]}: {file.instructions}"
            )
    return (
        f"{source}: no plugin needs a file with a sha256 that begins with {digest[:8]}."
        f"{suggest(source.name, [file.name for file in known_files])} `translate weights` lists "
        "all files."
    )
