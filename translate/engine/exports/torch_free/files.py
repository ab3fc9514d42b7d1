"""Reads, hashes and writes exported files and folders, which are recognized by their suffix."""

from hashlib import sha256
from pathlib import Path

from translate.engine.disk import files, folders
from translate.errors import ConfigError, SaveError
from translate.exporters import Content, Exporter
from translate.registry import create, names


def exporters() -> dict[str, Exporter]:
    """Return all exporters by name."""
    return {name: create("exporter", name) for name in names("exporter")}


def exporter_of(path: Path) -> tuple[str, Exporter] | None:
    """Return the name and the exporter with the suffix of `path`, such as ``.pt2``."""
    for name, exporter in exporters().items():
        if path.name.endswith(exporter.suffix) and path.name != exporter.suffix:
            return name, exporter
    return None


def is_exported(reference: str | Path) -> bool:
    """Return whether `reference` is an exported file or folder, and not a run."""
    path = Path(reference)
    return path.exists() and not (path / "checkpoints").exists() and exporter_of(path) is not None


def require_exporter(path: Path) -> tuple[str, Exporter]:
    """Return the name and the exporter for `path`; raises `ConfigError` if none has its suffix."""
    if chosen := exporter_of(path):
        return chosen
    known_formats = ", ".join(
        f"{exporter.suffix} ({name})" for name, exporter in exporters().items()
    )
    raise ConfigError(
        f"{path}: no exporter writes {path.suffix or 'this name'}. Expected a name that ends with "
        f"{known_formats}."
    )


def read_content(path: Path) -> Content:
    """Return the content of the file or folder `path`; raises `ConfigError`."""
    try:
        if path.is_dir():
            return {each.name: each.read_bytes() for each in sorted(path.iterdir())}
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error


def open_exported(path: Path, device: str) -> tuple[Exporter, Content]:
    """Return the exporter that loads `path`, and the content of `path`.

    Raises `ConfigError` if either fails, or for another device than ``auto`` and ``cpu``.
    """
    if device not in ("auto", "cpu"):
        raise ConfigError(f"device: {path} runs on the CPU, got {device!r}: leave --device out.")
    return require_exporter(path)[1], read_content(path)


def write_content(path: Path, content: Content) -> None:
    """Write a file or folder at `path`, atomically; raises `SaveError`."""
    try:
        if isinstance(content, bytes):
            files.replace(path, content)
        else:
            folders.make_folder(path.parent)
            folders.write_folder(path, content)
    except OSError as error:
        raise SaveError(f"could not write {path}: {error.strerror or error}.") from error


def size_of(content: Content) -> int:
    """Return the size in bytes."""
    return len(content) if isinstance(content, bytes) else sum(map(len, content.values()))


def digest_of(content: Content) -> str:
    """Return the SHA-256 of a file, or of the names and hashes of the files of a folder."""
    if isinstance(content, bytes):
        return sha256(content).hexdigest()
    lines = [f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(content.items())]
    return sha256("".join(lines).encode()).hexdigest()
