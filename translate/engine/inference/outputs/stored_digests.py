"""Known hashes of files in object stores, so that a rerun lists files without reading them.

``OUT/.translate/digests-*.jsonl`` has a line for each input and output: a hash of its path and its
version stamp (see `translate.engine.storage.storage.Listing`), and the SHA-256 of its content.
Files without a line are read and hashed. The stamp of an input is taken before it is read, and that
of an output from the response to its upload, so that a file that changes in between is hashed again
by the next run.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.inference.inputs.jobs import Job
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.object_lines import LINES, encode, read_lines_of
from translate.engine.storage.storage import Listing, Storage
from translate.errors import CheckpointError


class StoredDigests:
    """Known hashes of files in object stores, in a folder of records.

    Args:
        folder: The folder of records, ``OUT/.translate``.
        part: Suffix of the names of this process's files.
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
        """Read the hashes of earlier runs: with `own`, only those of this part.

        Raises `CheckpointError` if they cannot be read.
        """
        storage, names = storage_of(self._folder), f"{self._name if own else 'digests'}*.jsonl"
        found = [self._folder / n for n in storage.names(self._folder) if fnmatch(n, names)]
        for line in read_lines_of(storage, found):
            with suppress(KeyError, TypeError, ValueError):  # a damaged line
                self._known[bytes.fromhex(line["file"])] = bytes.fromhex(line["sha256"])

    def listing(self, storage: Storage) -> Listing:
        """Return the listing of a storage, which contains the stamps."""
        return self._listings.setdefault(storage, storage.listing())

    def of(self, paths: Sequence[Path | None], read: Callable[[], str | None]) -> str | None:
        """Return the SHA-256 of a file, or of an image and its mask.

        Args:
            paths: The file, or the image and its mask or None.
            read: Reads and hashes it, if its hash is not known.
        """
        key = self._key(paths)
        if key and (digest := self._known.get(key)):
            return digest.hex()
        sha256 = read()
        if key and sha256:
            self._known[key] = bytes.fromhex(sha256)
            self._add(key, sha256)
        return sha256

    def expect(self, jobs: Sequence[Job]) -> None:
        """Take the stamps of inputs, before any of them is read.

        A folder is listed without keeping its listing, as it may have a million files.
        """
        if jobs and storage_of(jobs[0].input).is_local:
            return  # quick: there may be millions
        for (root, folder), together in groupby(jobs, _folder_of):
            wanted = dict[str, str]()
            for job in together:
                if job.mask is None:
                    wanted[job.name.rpartition("/")[2]] = job.name
                elif key := self._key(job.files):
                    self._expected[job.name] = key
            place = root / folder
            with suppress(CheckpointError):  # reported when they are read
                for name, stamp in self.listing(storage_of(place)).stamps(place) if wanted else ():
                    if stamp and name in wanted:
                        self._expected[wanted[name]] = _hash([f"{place}/{name}", stamp])

    def add_input(self, job: Job, sha256: str) -> None:
        """Add the hash of an input whose stamp `expect` has taken."""
        if key := self._expected.pop(job.name, None):
            self._add(key, sha256)

    def add_output(self, path: Path, stamp: str | None, sha256: str) -> None:
        """Add the hash of an output, with its stamp from the response to its upload."""
        if stamp:
            self._add(_hash([str(path), stamp]), sha256)

    def write(self) -> None:
        """Write the hashes added since the last call; raises `OSError`."""
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
            with suppress(OSError):  # these files are hashed again by the next run
                self.write()

    def _key(self, paths: Sequence[Path | None]) -> bytes | None:
        """Return a hash of paths and stamps; None if a store gives no stamp."""
        texts = list[str]()
        for path in filter(None, paths):
            storage = storage_of(path)
            try:
                stamp = self.listing(storage).stamp(path)
            except CheckpointError:
                return None  # reported when it is read
            if stamp is None:
                return None
            texts += [str(path), stamp]
        return _hash(texts)


def _folder_of(job: Job) -> tuple[Path, str]:
    return job.places.root, job.name.rpartition("/")[0]


def _hash(texts: Sequence[str]) -> bytes:
    data = "\0".join(texts).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()
