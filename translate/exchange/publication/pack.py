"""Pack a model into one file, and verify such a file on this machine."""

from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, ZipInfo

from translate import __version__
from translate.engine.checkpoints.references import packs
from translate.engine.checkpoints.references.packs import PARITY, PackRecord
from translate.engine.disk import files
from translate.engine.models.model import load
from translate.errors import ConfigError, SaveError
from translate.exchange.publication import parity
from translate.exchange.publication.published import PublishedModel


class PackVerification(NamedTuple):
    """What became of a packed model on this machine."""

    record: PackRecord
    size: int
    """bytes of all files, which have the hashes of the record"""
    missing: list[str]
    """plugins that are not installed, as pip takes them"""
    others: list[str]
    """versions here that differ from those that it was packed with"""
    difference: float | None
    """of the sample's output here, as a part of the range of numbers; None: plugins are missing"""

    @property
    def is_equal(self) -> bool:
        """Whether the model gives here what it gave where it was packed."""
        return self.difference is not None and self.difference <= self.record.parity.tolerance


def expect_new_file(path: Path) -> None:
    """Raise `ConfigError` if `path` exists, or is no name of a zip file."""
    if path.suffix.lower() != ".zip":
        raise ConfigError(f"{path}: expected the name of a zip file, such as model.zip.")
    if path.exists():
        raise ConfigError(f"{path} already exists: choose another name, or delete it.")


def write_pack(model: PublishedModel, path: Path) -> int:
    """Write a model as one file, and return its size; the same model gives the same bytes.

    Raises:
        ConfigError: `path` exists, or is no name of a zip file.
        SaveError: It cannot be written.
    """
    expect_new_file(path)
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in sorted(model.files):
            info = ZipInfo(name)  # of 1980, so that equal models give equal files
            info.external_attr = 0o644 << 16
            archive.writestr(info, model.read(name))
    data = buffer.getvalue()
    try:
        files.replace(path, data)
    except OSError as error:
        raise SaveError(f"could not write {path}: {error.strerror or error}.") from error
    return len(data)


def verify_pack(path: Path) -> PackVerification:
    """Return what became of a packed model: its files are hashed, its sample is made again.

    Nothing is downloaded. Raises `CheckpointError` for a damaged pack.
    """
    folder = packs.unpack(path)
    record = packs.read_record(folder)
    size = sum(facts.size for facts in record.files.values())
    here = {name: _installed(name) for name in record.plugins}
    missing = [f"{name}=={record.plugins[name]}" for name, found in here.items() if not found]
    known = {**record.plugins, "translate-kit": record.versions.get("translate-kit", "")}
    here["translate-kit"] = __version__
    others = [
        f"{name} {found} instead of {known[name]}"
        for name, found in here.items()
        if found and found != known[name]
    ]
    if missing:
        return PackVerification(record, size, missing, others, None)
    model, _ = load(folder, device="cpu")
    value = parity.difference(model, record.parity, folder / PARITY)
    return PackVerification(record, size, [], others, value)


def _installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
