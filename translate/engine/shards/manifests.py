"""The manifests of complete shards, such as ``OUT/.shards/17-of-200.json``.

``OUT/.shards/made-by.json`` has the model and the options of all shards of the folder.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from translate import __version__
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.errors import CheckpointError, ConfigError
from translate.results import InferenceResult

FOLDER = ".shards"
MADE_BY = "made-by.json"
CONFLICT = (
    "{path} is of another model or other options: choose another folder for OUT, or --overwrite "
    "for every shard."
)


@dataclass(frozen=True)
class ShardManifests:
    """The manifests of one output folder.

    Args:
        out: The output folder.
        made_by: The model and the options, as JSON has them.
    """

    out: Path
    made_by: Mapping[str, Any]

    @property
    def digests(self) -> dict[str, str]:
        """The digests of the model and of the options."""
        options = {key: value for key, value in self.made_by.items() if key != "model"}
        text = json.dumps(options, sort_keys=True).encode()
        return {"model": str(self.made_by["model"]), "options": sha256(text).hexdigest()}

    def begin(self, *, overwrite: bool) -> None:
        """Record the model and the options before any shard has an output.

        Raises `ConfigError` if shards in this folder have another model or other options, unless
        `overwrite` is set.
        """
        path, digests = self.out / FOLDER / MADE_BY, self.digests
        earlier = _read(path)
        if _are_compatible(earlier, digests):
            return
        if earlier is not None and not overwrite:
            raise ConfigError(CONFLICT.format(path=path))
        data = _encode({**digests, "version": __version__, "made_by": dict(self.made_by)})
        with suppress(FileExistsError):  # another shard was first
            storage_of(path).write(path, data, new=earlier is None)
        if not overwrite and not _are_compatible(_read(path), digests):
            raise ConfigError(CONFLICT.format(path=path))  # of the shard that was first

    def end(self, shard: Shard, result: InferenceResult) -> None:
        """Write the manifest of a shard that is complete; raises `OSError`."""
        record = {
            "shard": shard.index,
            "shards": shard.count,
            "requested": result.requested,
            "done": result.done,
            "skipped": result.skipped,
            "listed": result.listed,
            **self.digests,
            "version": __version__,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        path = manifest_path(self.out, shard)
        storage_of(path).replace(path, _encode(record))

    def discard(self, shard: Shard) -> None:
        """Delete the manifest of a shard that is run again."""
        path = manifest_path(self.out, shard)
        storage_of(path).discard(path)


def manifest_path(out: Path, shard: Shard) -> Path:
    """Return the file of the manifest of a shard."""
    return out / FOLDER / f"{shard.name}.json"


def missing_shards(out: Path, count: int) -> list[int]:
    """Return the shards of `count` that are not complete.

    Raises `ConfigError` if the folder of manifests cannot be read.
    """
    storage, folder = storage_of(out), out / FOLDER
    try:
        made_by, names = _read(folder / MADE_BY), set(storage.names(folder))
    except CheckpointError as error:
        raise ConfigError(str(error)) from error
    paths = {index: manifest_path(out, Shard(index, count)) for index in range(count)}
    present = [index for index, path in paths.items() if path.name in names]
    with ThreadPoolExecutor(storage.threads or 1) as pool:
        records = pool.map(_read, [paths[index] for index in present])
        complete = {
            index
            for index, record in zip(present, records, strict=True)
            if _are_compatible(record, made_by)
        }
    return [index for index in range(count) if index not in complete]


def _are_compatible(record: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Return whether two records have the same model and options."""
    if not record or not other:
        return False
    return all(record.get(key) == other.get(key) for key in ("model", "options"))


def _read(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file; None if the file is missing or damaged."""
    lines = list(storage_of(path).read_lines(path))
    return lines[0] if len(lines) == 1 else None


def _encode(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record) + "\n").encode()
