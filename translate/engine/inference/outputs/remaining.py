"""Which outputs remain to be made, and which exist from an earlier run, verified by hash."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Generic, NamedTuple

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.records import ALL_RECORDS, DoneRecord
from translate.engine.inference.outputs.shared_folder import AnyOutput
from translate.engine.inference.trust import map_path
from translate.engine.system.locations import parse_location
from translate.errors import ConfigError


class Remaining(NamedTuple, Generic[AnyOutput]):
    """The outputs that remain to be made, and the records of the other outputs."""

    todo: list[AnyOutput]
    skipped: int
    """number of verified outputs, which need not be made"""
    notes: list[Problem]
    """notes in the records of verified outputs"""


def find_remaining(
    manifest: OutputManifest,
    work: Iterable[AnyOutput],
    digest: Callable[[AnyOutput], str | None],
    *,
    with_trust: bool = False,
) -> Remaining[AnyOutput]:
    """Return the items of `work` without a verified output.

    Args:
        manifest: the manifest of the output folder.
        work: the outputs to make.
        digest: returns the SHA-256 of an item's input; None if it cannot be read.
        with_trust: whether outputs without a trust score are written again.

    Raises:
        ConfigError: An output exists from another input, model or options and may not be
            overwritten, or records cannot be read.
    """
    todo, skipped, notes, foreign = list[AnyOutput](), 0, list[Problem](), list[Path]()
    find_record = _record_finder(manifest)
    listing = manifest.digests.listing(manifest.storage)
    for item in work:
        if not listing.exists(item.output):
            todo.append(item)
            continue
        record = find_record(item.output, digest(item))
        if record is None:
            foreign.append(item.output)
        if record is None or (with_trust and not _has_trust(manifest, item.output, record)):
            todo.append(item)
            continue
        skipped += 1
        path = parse_location(item.origin)
        notes += [Problem(path, "read", "note", note) for note in record.notes]
    if foreign and not manifest.overwrite:
        more = f" (and {len(foreign) - 1} more)" if len(foreign) > 1 else ""
        raise ConfigError(
            f"{foreign[0]}{more} exists already, and was not made from this input with "
            "this model and these options: choose another folder, or add --overwrite."
        )
    return Remaining(todo, skipped, notes)


def _record_finder(manifest: OutputManifest) -> Callable[[Path, str | None], DoneRecord | None]:
    """Return a function from an output, and the hash of its input, to its record.

    Records of other processes are read again for the first output that has none.
    """
    recorded, storage, digests = manifest.recorded_outputs, manifest.storage, manifest.digests
    # the records of one shard are read faster than those of all shards
    files = f"{manifest.done.stem}*.jsonl" if manifest.shard else ALL_RECORDS
    records, read_again = recorded.read(files), cache(recorded.read)
    digests.read(own=manifest.shard is not None)

    def hash_file(path: Path) -> str | None:
        return digests.digest_of((path,), lambda: storage.sha256(path))

    return lambda output, origin: recorded.find(
        output, origin, hash_file, lambda: records, read_again
    )


def _has_trust(manifest: OutputManifest, output: Path, record: DoneRecord) -> bool:
    if record.trust is None:
        return False
    return not record.trust_map or manifest.storage.exists(map_path(output))
