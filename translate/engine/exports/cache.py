"""Cache of exported models in the user's cache folder; hashes are verified at each reading."""

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from translate.engine.disk import files, user_cache
from translate.engine.disk.records import json_files
from translate.engine.exports.torch_free.files import size_of
from translate.exporters import Content

LIMIT = 4 << 30
"""largest size of the cache in bytes, above which the least recently used models are deleted"""
SUFFIX = ".model"


class CacheHeader(json_files.Record):
    """The first line of a cached file, which the files of the model follow."""

    is_folder: bool
    files: list[tuple[str, int, str]]
    """name, size in bytes and SHA-256 of each file; a single file has an empty name"""


def folder() -> Path:
    """Return the folder of exported models."""
    return user_cache.folder("models")


def key_of(inputs: Mapping[str, Any]) -> str:
    """Return the key of a model: a hash of all that it depends on, `inputs` of types of JSON."""
    return sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def read(key: str) -> Content | None:
    """Return a cached model; None if it is missing or damaged."""
    path = folder() / f"{key}{SUFFIX}"
    try:
        line, _, data = path.read_bytes().partition(b"\n")
        header = CacheHeader.model_validate(json_files.parse(line), strict=False)
    except (OSError, ValueError, ValidationError):
        return None
    content, start = dict[str, bytes](), 0
    for name, size, digest in header.files:
        content[name] = data[start : start + size]
        start += size
        if sha256(content[name]).hexdigest() != digest:
            return None
    with suppress(OSError):
        files.mark_used(path)
    return content if header.is_folder else content.get("")


def write(key: str, content: Content) -> None:
    """Add a model, and delete the least recently used models above `LIMIT`; raises `OSError`."""
    parts = {"": content} if isinstance(content, bytes) else dict(content)
    entries = [(name, len(data), sha256(data).hexdigest()) for name, data in parts.items()]
    header = json.dumps({"is_folder": not isinstance(content, bytes), "files": entries})
    remove_oldest(LIMIT - size_of(content))
    data = b"".join(parts.values())
    files.replace(folder() / f"{key}{SUFFIX}", header.encode() + b"\n" + data)


def remove_oldest(limit: int) -> None:
    """Delete the least recently used models until at most `limit` bytes are left."""
    cached = []
    for path in folder().glob(f"*{SUFFIX}"):
        with suppress(OSError):  # another process has deleted it
            status = path.stat()
            cached.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in cached)
    for _, size, path in sorted(cached):
        if total <= limit:
            return
        files.discard(path)
        total -= size
