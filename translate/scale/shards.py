"""Write the images of translated batches as tar shards, in the format of webdataset."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.failures import translation_problem
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import absolute, parse_location
from translate.errors import require_package
from translate.scale.columns import Columns, Row, problem_columns, read_results

IMAGES_PER_SHARD = 1000
"""preferred number of images in a shard"""


class ShardWriter:
    """Writes each batch that `translate.scale.Translate` returns as one tar shard.

    The output ``0001.png`` becomes a sample (webdataset's group of files with one key): its key is
    ``0001``, the field ``png`` is the image, and the field ``json`` has the input, its hash, the
    model and the options. Shards are written atomically. The name of a shard is a hash of its
    content: a repeated batch gives the same shard.

    Args:
        out: The folder of the shards, which all workers share, or its URL in a store.

    Raises:
        translate.errors.MissingPackageError: webdataset is not installed.

    Example:
        >>> translated.map_batches(ShardWriter("out/"), batch_size=1000)
    """

    rows_per_write: int | None = IMAGES_PER_SHARD
    """preferred number of rows in a batch."""

    def __init__(self, out: str | Path) -> None:
        require_package("webdataset", "shards")
        self.out = absolute(parse_location(out))
        self.problems = self.out / "problems.jsonl"

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """Write a batch as one shard.

        Returns:
            The batch without the column ``bytes``, with errors of writing in ``error`` and the file
            name of the shard in ``shard``.
        """
        rows = read_results(batch)
        samples = _samples(rows)
        shard = self.out / f"{_digest(samples)}.tar"
        if samples:
            self._write(shard, samples, rows)
        return {
            **{name: column for name, column in batch.items() if name != "bytes"},
            **problem_columns(rows),
            "shard": [shard.name if not row.problem else "" for row in rows],
        }

    def _write(self, shard: Path, samples: Mapping[str, Any], rows: Sequence[Row]) -> None:
        from webdataset import TarWriter  # type: ignore[import-untyped]  # imports PyTorch: seconds

        storage = storage_of(shard)
        try:
            if storage.exists(shard):
                return
            with (
                storage.open_atomically(shard, new=False) as file,
                TarWriter(file, "", "", encoder=False, mtime=0, format="PAX_FORMAT") as writer,
            ):
                for key, fields in samples.items():
                    writer.write({"__key__": key, **fields})
        except OSError as error:
            for row in rows:
                row.problem = row.problem or translation_problem(row.path, shard, (0, 0), error)


def _samples(rows: Sequence[Row]) -> dict[str, dict[str, bytes]]:
    """Return the fields of each sample by its key; a row with a repeated output gets a problem."""
    samples: dict[str, dict[str, bytes]] = {}
    for row in rows:
        if row.problem:
            continue
        folder, slash, name = row.output.rpartition("/")
        stem, _, suffix = name.partition(".")
        fields = samples.setdefault(f"{folder}{slash}{stem}", {})
        if suffix in fields:
            message = f"the batch has two outputs {row.output}: expected each name once"
            row.problem = Problem(row.path, "write", "EEXIST", message)
            continue
        inner_suffix, dot, _ = suffix.rpartition(".")  # of names with two suffixes
        source = {"input": str(row.path), "input_sha256": row.input_sha256}
        metadata = {**source, **json.loads(row.made_by)}
        fields[suffix] = row.result
        fields[f"{inner_suffix}{dot}json"] = json.dumps(metadata).encode()
    return samples


def _digest(samples: Mapping[str, Mapping[str, bytes]]) -> str:
    """Return a hash of `samples`, which becomes the name of their shard."""
    digest = sha256()
    for key, fields in samples.items():
        for suffix, data in fields.items():
            digest.update(f"{key}.{suffix}:{sha256(data).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]
