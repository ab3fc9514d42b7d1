"""The hashes of files in stores by their stamps, so that a rerun lists files and reads none.

``OUT/.translate/digests-*.jsonl`` has a line for each input and output: a hash of its path and its
stamp, as `translate.engine.storage.storage.Listing` has it, and its SHA-256. A file without such a
line is read and hashed. The stamp of an input is taken before it is read, and that of an output is
the store's answer to its upload: a file that changes at the same moment has another stamp later.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.inference.inputs.jobs import Job
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.object_lines import LINES, encode
from translate.engine.storage.storage import Listing, Storage
from translate.errors import CheckpointError


class StoredDigests:
    """The hashes of files in stores, read from and written to a folder of records.

    Args:
        folder: The folder of records, ``OUT/.translate``.
        part: What the names of this process's files end with.
    """

    def __init__(self, folder: Path, part: str) -> None:
        self._folder, self._name = folder, f"digests{part}-"
        self._token, self._number = secrets.token_hex(4), 0
        self._listings: dict[Storage, Listing] = {}
        self._known: dict[bytes, bytes] = {}
        self._expected: dict[str, bytes] = {}
        self._lines: list[dict[str, Any]] = []
        self._lock = Lock()

    def read(self, *, own: bool) -> None:
        """Read the hashes of earlier runs, of this part alone or of all.

        Raises `CheckpointError` if they cannot be read.
        """
        storage, names = storage_of(self._folder), f"{self._name if own else 'digests'}*.jsonl"
        for name in storage.names(self._folder):
            if fnmatch(name, names):
                for line in storage.read_lines(self._folder / name):
                    with suppress(KeyError, TypeError, ValueError):  # a damaged line
                        key, digest = bytes.fromhex(line["file"]), bytes.fromhex(line["sha256"])
                        self._known[key] = digest

    def listing(self, storage: Storage) -> Listing:
        """Return the listing of a storage that the stamps are from."""
        return self._listings.setdefault(storage, storage.listing())

    def of(self, paths: Sequence[Path | None], read: Callable[[], str | None]) -> str | None:
        """Return the SHA-256 of a file, or of an image and its mask.

        Args:
            paths: The file, or the image and its mask or None.
            read: What reads and hashes it, if its hash is not known.
        """
        key = self._key(paths)
        if key and (digest := self._known.get(key)):
            return digest.hex()
        sha256 = read()
        if key and sha256:
            self._known[key] = bytes.fromhex(sha256)
            self._add(key, sha256)
        return sha256

    def expect(self, jobs: Iterable[Job]) -> None:
        """Take the stamps of the inputs of jobs, before any of them is read."""
        for job in jobs:
            if key := self._key(job.files):
                self._expected[job.name] = key

    def add_input(self, job: Job, sha256: str) -> None:
        """Add the hash of an input that was expected, and has been read since."""
        if key := self._expected.pop(job.name, None):
            self._add(key, sha256)

    def add_output(self, path: Path, stamp: str | None, sha256: str) -> None:
        """Add the hash of an output with the stamp that it got when it was written."""
        if stamp:
            self._add(_hash([str(path), stamp]), sha256)

    def write(self) -> None:
        """Write the lines that are not written yet; raises `OSError`."""
        with self._lock:
            lines, self._lines = self._lines, []
            self._number += 1
            path = self._folder / f"{self._name}{self._token}-{self._number:06}.jsonl"
        if lines:
            storage_of(path).replace(path, encode(lines))

    def _add(self, key: bytes, sha256: str) -> None:
        with self._lock:
            self._lines.append({"file": key.hex(), "sha256": sha256})
            many = len(self._lines) >= LINES
        if many:
            with suppress(OSError):  # these files are hashed again
                self.write()

    def _key(self, paths: Sequence[Path | None]) -> bytes | None:
        """Return what identifies files and their contents; None where a store does not say."""
        texts = list[str]()
        for path in filter(None, paths):
            storage = storage_of(path)
            try:
                stamp = self.listing(storage).stamp(path)
            except CheckpointError:
                return None  # it is listed when it is read
            if stamp is None:
                return None
            texts += [str(path), stamp]
        return _hash(texts)


def _hash(texts: Sequence[str]) -> bytes:
    data = "\0".join(texts).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()
