"""Listings of folders of an object store: names, sizes and stamps.

A stamp identifies the version of a file: it changes whenever the content does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

Facts = Mapping[str, Any]
"""the metadata of a file that fsspec returns"""
StampOf = Callable[[Facts], str | None]
"""function that returns the stamp of a file"""
Lister = Callable[[Any, str], Iterator[Facts]]
"""function of a file system of fsspec and a folder; yields the files and folders in it"""
PAGE = 1000
"""number of objects in a page of a listing, the largest that S3 allows"""
RECENT = 3
"""number of folders with a cached listing: one each of images, masks and outputs"""


class Entry(NamedTuple):
    """An object, or a folder of objects."""

    name: str
    is_folder: bool
    stamp: str | None
    """None if the store has no stamps"""
    size: int
    """bytes"""


def list_at_once(files: Any, folder: str) -> Iterator[Facts]:
    """Yield the listing of fsspec, which takes a kilobyte of memory for each file."""
    files.invalidate_cache()  # of all listings
    yield from files.ls(folder, detail=True)
    files.invalidate_cache()


def list_by_page(files: Any, folder: str) -> Iterator[Facts]:
    """Yield the listing of S3, page by page; raises `FileNotFoundError` if it is empty."""
    bucket, _, key = files._strip_protocol(folder).strip("/").partition("/")
    prefix, page = key and f"{key}/", {"IsTruncated": True, "NextContinuationToken": ""}
    exists = not key
    while page.get("IsTruncated"):
        token = page["NextContinuationToken"]
        page = files.call_s3(
            "list_objects_v2",
            Bucket=bucket,
            Prefix=prefix,
            Delimiter="/",
            MaxKeys=PAGE,
            **({"ContinuationToken": token} if token else {}),
            **files.req_kw,
        )
        for subfolder in page.get("CommonPrefixes", ()):
            exists = True
            yield {"name": f"{bucket}/{subfolder['Prefix']}", "type": "directory"}
        for item in page.get("Contents", ()):
            exists = True
            name, tag = f"{bucket}/{item['Key']}", item["ETag"]
            yield {"name": name, "type": "file", "size": item["Size"], "ETag": tag}
    if not exists:
        raise FileNotFoundError("nothing has this prefix")


def to_entry(facts: Facts, folder: str, stamp_of: StampOf) -> Entry | None:
    """Return the entry of a file or folder in the listing of `folder`.

    None for the object that some programs write to mark an empty folder.
    """
    key, is_folder = facts["name"], facts["type"] == "directory"
    if key.endswith("/") and not is_folder:
        return None
    key = key.removesuffix("/")
    name = "" if key.strip("/") == folder else key.rpartition("/")[2]
    return Entry(name, is_folder, None if is_folder else stamp_of(facts), facts.get("size") or 0)


def entity_tag(facts: Facts) -> str | None:
    """Return the size and the entity tag (ETag) of an object; None if the store has no tags.

    The modification time is not used, as two versions may be written at the same time by the clock.
    """
    tag = facts.get("ETag") or facts.get("etag")
    return f"{facts['size']}-{str(tag).strip(chr(34))}" if tag else None


def time_of_creation(facts: Facts) -> str | None:
    """Return the size and the time of creation, in microseconds, of a ``memory://`` file."""
    time = facts["created"]
    return f"{facts['size']}-{time.timestamp() if isinstance(time, datetime) else time}"


class ObjectListing:
    """The files of a store; each folder is listed once."""

    def __init__(self, list_files: Callable[[Path], Iterable[Entry]]) -> None:
        self._list = list_files
        self._listings: dict[Path, dict[str, Entry]] = {}

    def exists(self, path: Path) -> bool:
        return path.name in self._files_of(path.parent)

    def size(self, path: Path) -> int | None:
        entry = self._files_of(path.parent).get(path.name)
        return entry.size if entry else None

    def stamp(self, path: Path) -> str | None:
        entry = self._files_of(path.parent).get(path.name)
        return entry.stamp if entry else None

    def stamps(self, folder: Path) -> Iterator[tuple[str, str | None]]:
        return ((entry.name, entry.stamp) for entry in self._list(folder))

    def _files_of(self, folder: Path) -> dict[str, Entry]:
        if folder not in self._listings:
            if len(self._listings) == RECENT:
                del self._listings[next(iter(self._listings))]  # files come folder by folder
            self._listings[folder] = {entry.name: entry for entry in self._list(folder)}
        return self._listings[folder]
