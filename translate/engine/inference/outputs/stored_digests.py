"""Known hashes of files in object stores, so that a rerun lists files without reading them.

``OUT/.translate/digests-*.jsonl`` has a line for each input and output: a hash of its path and its
version stamp (see `translate.engine.storage.storage.Listing`), and the SHA-256 of its content.
Files without a line are read and hashed. The stamp of an input is taken before the input is read,
and the stamp of an output from the response to its upload. So the next run hashes a file again that
has changed in between.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.outputs.records import hash_of_texts
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.object_lines import MAX_LINES, encode, read_lines_of
from translate.engine.storage.storage import Listing, Storage
from translate.errors import CheckpointError


class StoredDigests:
    """Known hashes of files in object stores, in a folder of records.

    Args:
        folder: The folder of records, ``OUT/.translate``.
        suffix: What names of this process's files end with.
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder, self._name = folder, f"digests{suffix}-"
        self._token, self._number = secrets.token_hex(4), 0
        self._listings: dict[Storage, Listing] = {}
        self._digest_by_key: dict[bytes, bytes] = {}
        self._input_keys: dict[str, bytes] = {}
        """hashes of path and stamp of inputs that are not read yet, by their names"""
        self._lines: list[dict[str, Any]] = []
        self._lock = Lock()

    def read(self, *, own: bool) -> None:
        """Read the hashes of earlier runs: with `own`, only from files of this process.

        Raises `CheckpointError` if they cannot be read.
        """
        storage, names = storage_of(self._folder), f"{self._name if own else 'digests'}*.jsonl"
        files = [self._folder / n for n in storage.names(self._folder) if fnmatch(n, names)]
        for line in read_lines_of(storage, files):
            with suppress(KeyError, TypeError, ValueError):  # a damaged line
                self._digest_by_key[bytes.fromhex(line["file"])] = bytes.fromhex(line["sha256"])

    def listing(self, storage: Storage) -> Listing:
        """Return the listing of a storage, which contains the version stamps."""
        return self._listings.setdefault(storage, storage.listing())

    def digest_of(self, paths: Sequence[Path | None], read: Callable[[], str | None]) -> str | None:
        """Return the SHA-256 of a file, or of an image and its mask.

        Args:
            paths: The file; or the image, and its mask or None.
            read: Reads the content and returns its hash; called if the hash is not known.
        """
        key = self._key(paths)
        if key and (digest := self._digest_by_key.get(key)):
            return digest.hex()
        sha256 = read()
        if key and sha256:
            self._digest_by_key[key] = bytes.fromhex(sha256)
            self._add(key, sha256)
        return sha256

    def take_input_stamps(self, jobs: Sequence[Job]) -> None:
        """Take the stamps of inputs, before any of them is read.

        The listing of a folder is not kept, as the folder may have a million files.
        """
        if jobs and storage_of(jobs[0].input).is_local:
            return  # quick: there may be millions
        by_folder = groupby(jobs, lambda job: (job.places.root, job.name.rpartition("/")[0]))
        for (root, folder_name), jobs_of_folder in by_folder:
            inputs = dict[str, str]()  # from the name in the folder to the name of the job
            for job in jobs_of_folder:
                if job.mask is None:
                    inputs[job.name.rpartition("/")[2]] = job.name
                elif key := self._key(job.files):
                    self._input_keys[job.name] = key
            folder = root / folder_name
            listing = self.listing(storage_of(folder))
            with suppress(CheckpointError):  # reported when the inputs are read
                for name, stamp in listing.stamps(folder) if inputs else ():
                    if stamp and name in inputs:
                        key = hash_of_texts(f"{folder}/{name}", stamp)
                        self._input_keys[inputs[name]] = key

    def add_input(self, job: Job, sha256: str) -> None:
        """Add the hash of an input, if `take_input_stamps` has its stamp."""
        if key := self._input_keys.pop(job.name, None):
            self._add(key, sha256)

    def add_output(self, path: Path, stamp: str | None, sha256: str) -> None:
        """Add the hash of an output, with its stamp from the response to its upload."""
        if stamp:
            self._add(hash_of_texts(str(path), stamp), sha256)

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
            many = len(self._lines) >= MAX_LINES
        if many:
            with suppress(OSError):  # these files are hashed again by the next run
                self.write()

    def _key(self, paths: Sequence[Path | None]) -> bytes | None:
        """Return a hash of paths and stamps; None if a store has no stamps."""
        texts = list[str]()
        for path in filter(None, paths):
            storage = storage_of(path)
            try:
                stamp = self.listing(storage).stamp(path)
            except CheckpointError:
                return None  # reported when the file is read
            if stamp is None:
                return None
            texts += [str(path), stamp]
        return hash_of_texts(*texts)
