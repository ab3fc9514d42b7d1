"""Pack a model into a zip file, and verify a packed model on another machine."""

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
from translate.exchange.publication.model_files import ModelFiles


class PackVerification(NamedTuple):
    """Whether a packed model works on this machine as on the machine that packed it."""

    record: PackRecord
    size: int
    """bytes of all files; their hashes equal those of the record"""
    missing_plugins: list[str]
    """plugins that are not installed, as requirements for pip"""
    other_versions: list[str]
    """plugins with another version than at packing, a line for each"""
    difference: float | None
    """largest difference to the reference output, as a fraction of the range of values; None:
    plugins are missing"""

    @property
    def is_equal(self) -> bool:
        """Whether the output equals the reference output up to the tolerance."""
        return self.difference is not None and self.difference <= self.record.parity.tolerance


def check_new_file(path: Path) -> None:
    """Raise `ConfigError` if `path` exists or does not end with ``.zip``."""
    if path.suffix.lower() != ".zip":
        raise ConfigError(f"{path}: expected the name of a zip file, such as model.zip.")
    if path.exists():
        raise ConfigError(f"{path} already exists: choose another name, or delete it.")


def write_pack(model: ModelFiles, path: Path) -> int:
    """Write a model as a zip file, and return its size; equal models give equal bytes.

    Raises:
        ConfigError: `path` exists or does not end with ``.zip``.
        SaveError: The file cannot be written.
    """
    check_new_file(path)
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in sorted(model.files):
            info = ZipInfo(name)  # dated 1980, so that equal models give equal files
            info.external_attr = 0o644 << 16
            archive.writestr(info, model.read(name))
    data = buffer.getvalue()
    try:
        files.replace(path, data)
    except OSError as error:
        raise SaveError(f"could not write {path}: {error.strerror or error}.") from error
    return len(data)


def verify_pack(path: Path) -> PackVerification:
    """Check the hashes of a packed model, and compare its output with the reference output.

    Nothing is downloaded. Raises `CheckpointError` for a damaged pack.
    """
    folder = packs.unpack(path)
    record = packs.read_record(folder)
    size = sum(file.size for file in record.files.values())
    installed = {name: _installed_version(name) for name in record.plugins}
    missing = [f"{name}=={record.plugins[name]}" for name in installed if not installed[name]]
    packed = {**record.plugins, "translate-kit": record.versions.get("translate-kit", "")}
    installed["translate-kit"] = __version__
    other_versions = [
        f"{name} {installed[name]} instead of {packed[name]}"
        for name in installed
        if installed[name] and installed[name] != packed[name]
    ]
    if missing:
        return PackVerification(record, size, missing, other_versions, None)
    model, _ = load(folder, device="cpu")
    value = parity.difference(model, record.parity, folder / PARITY)
    return PackVerification(record, size, [], other_versions, value)


def _installed_version(distribution: str) -> str:
    """Return the version of a distribution; empty if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
