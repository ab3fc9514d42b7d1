"""Packed models: a file with a checkpoint and a sample to verify it, usable like a run folder.

A pack is a zip file without compression, so that it cannot expand. `FILES` matches the names of all
files that it may hold, and ``pack.json`` has the hash of each.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zipfile import ZIP_STORED, BadZipFile, ZipFile, is_zipfile

from pydantic import Field, ValidationError

from translate.engine.checkpoints.contents import FileFacts, with_digest
from translate.engine.disk import folders, user_cache
from translate.engine.disk.durable import CHUNK_BYTES, Chunk
from translate.engine.disk.records import json_files
from translate.engine.system import signatures
from translate.errors import CheckpointError, SaveError, short_repr

RECORD = "pack.json"
CHECKPOINT_FILES = ("MANIFEST.json", "state.json", "weights.safetensors", "ema.safetensors")
"""the files of a checkpoint that inference reads"""
CARD, PREVIEW, CONFIG, PARITY = "README.md", "preview.png", "config.yaml", "parity.safetensors"
FILES = re.compile(
    "|".join(map(re.escape, (CARD, PREVIEW, CONFIG, PARITY, RECORD)))
    + rf"|checkpoints/step-[0-9]{{8,13}}/({'|'.join(map(re.escape, CHECKPOINT_FILES))})"
)
Kind: TypeAlias = Literal["translate", "draw"]
"""what a sample is of: a translation, or an image from noise"""


class ParityRecord(json_files.Record):
    """How the sample in ``parity.safetensors`` was made: ``input``, if any, and ``output``."""

    kind: Kind
    to: str
    """the domain of the output"""
    tolerance: float = Field(gt=0, lt=1)
    """largest accepted difference of values, as a fraction of their range"""


class PackRecord(json_files.Record):
    """``pack.json``."""

    format: Literal[1]
    name: str
    model: str
    """the digest of the checkpoint"""
    versions: dict[str, str]
    plugins: dict[str, str]
    """versions of the distributions of the plugins that the model needs, except our own"""
    parity: ParityRecord
    files: dict[str, FileFacts]


def is_pack(path: Path) -> bool:
    """Return whether the file `path` is a packed model."""
    if not (path.is_file() and is_zipfile(path)):
        return False
    try:
        with ZipFile(path) as archive:
            return RECORD in archive.namelist()
    except (BadZipFile, OSError, ValueError):
        return False


def unpack(path: Path) -> Path:
    """Return a run folder in the cache with the files of a pack, each verified by its hash.

    Raises:
        CheckpointError: The pack is damaged, or holds anything else.
        SaveError: The cache cannot be written to.
    """
    with json_files.readable(path), path.open("rb") as file:
        target = user_cache.folder("packs") / file_digest(file, "sha256").hexdigest()
    if (target / RECORD).is_file():
        return target
    with _readable_pack(path), ZipFile(path) as archive:
        record = _read_record(path, archive)
        names = [*record.files, RECORD]
        contents = {name: _read_verified(path, archive, name, record) for name in names}
        try:
            folders.make_folder(target.parent)
            folders.write_folder(target, contents)
        except OSError as error:
            raise SaveError(
                f"could not unpack {path} to {target}: {error.strerror or error}. Set "
                f"{user_cache.VARIABLE} to a folder that can be written to."
            ) from error
    return target


def read_record(folder: Path) -> PackRecord:
    """Return the record of an unpacked model."""
    return json_files.read_record(folder / RECORD, PackRecord)


@contextmanager
def _readable_pack(path: Path) -> Iterator[None]:
    try:
        yield
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
        raise CheckpointError(f"{path} is a damaged pack: {error}. Copy it again.") from error


def _read_record(path: Path, archive: ZipFile) -> PackRecord:
    """Return the record of a pack; raises `CheckpointError` for files that it does not list."""
    entries = archive.infolist()
    entry_by_name = {entry.filename: entry for entry in entries}
    for entry in entries:
        name = entry.orig_filename
        if not FILES.fullmatch(name) or entry.flag_bits & 1:
            raise CheckpointError(f"{path} is no pack: {short_repr(name)} does not belong in it.")
        if entry.compress_type != ZIP_STORED or entry.file_size != entry.compress_size:
            raise CheckpointError(f"{path} is no pack: {name} is compressed.")
    total = sum(entry.file_size for entry in entries)
    if len(entry_by_name) != len(entries) or total > path.stat().st_size:
        raise CheckpointError(f"{path} is no pack: files occur twice or overlap in it.")
    if entry_by_name[RECORD].file_size > json_files.MAX_DOCUMENT_BYTES:
        raise CheckpointError(f"{path} is no pack: its {RECORD} is too large.")
    try:
        document: dict[str, Any] = json_files.parse(archive.read(RECORD))
        record = PackRecord.model_validate(document)
    except ValidationError as error:
        reason = signatures.validation_message(error)
        raise CheckpointError(f"{path}: {RECORD} is not understood: {reason}") from error
    except ValueError as error:
        raise CheckpointError(f"{path}: {RECORD} is not understood: {error}.") from error
    if differing_names := {*record.files, RECORD} ^ entry_by_name.keys():
        name = min(differing_names)
        raise CheckpointError(f"{path} is damaged: {name} is only in it, or only in {RECORD}.")
    return record


def _read_verified(path: Path, archive: ZipFile, name: str, record: PackRecord) -> Iterator[Chunk]:
    """Yield the bytes of a file; raises `CheckpointError` at the end if their hash is wrong."""
    actual: dict[str, FileFacts] = {}
    with archive.open(name, mode="r") as file:
        yield from with_digest(iter(partial(file.read, CHUNK_BYTES), b""), name, actual)
    if name in record.files and record.files[name] != actual[name]:
        raise CheckpointError(f"{path} is damaged: {name} has other bytes than were packed.")
