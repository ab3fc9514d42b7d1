"""Listings of folders of an object store: names, sizes and stamps.

A stamp identifies the version of a file: it changes whenever the content does.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

Facts = Mapping[str, Any]
"""the metadata of a file that fsspec returns"""
StampOf = Callable[[Facts], str | None]
Lister = Callable[[Any, str], Iterator[Facts]]
"""yields the files and folders in a folder of a file system of fsspec"""
PAGE = 1000
"""objects of a page, which is also the largest number that S3 allows"""


class Entry(NamedTuple):
    """An object, or a folder of objects."""

    name: str
    is_folder: bool
    stamp: str | None
    """identifies the version of its content; None if the store does not say"""
    size: int
    """bytes"""


def list_at_once(files: Any, folder: str) -> Iterator[Facts]:
    """Yield what fsspec lists, which takes a kilobyte of memory for each file."""
    files.invalidate_cache()  # of all listings
    yield from files.ls(folder, detail=True)
    files.invalidate_cache()


def list_by_page(files: Any, folder: str) -> Iterator[Facts]:
    """Yield what S3 lists, a page at a time; raises `FileNotFoundError` if there is nothing."""
    bucket, _, key = files._strip_protocol(folder).strip("/").partition("/")
    prefix, page = key and f"{key}/", {"IsTruncated": True, "NextContinuationToken": ""}
    found = not key
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
        for below in page.get("CommonPrefixes", ()):
            found = True
            yield {"name": f"{bucket}/{below['Prefix']}", "type": "directory"}
        for item in page.get("Contents", ()):
            found = True
            yield {
                "name": f"{bucket}/{item['Key']}",
                "type": "file",
                "size": item["Size"],
                "ETag": item["ETag"],
            }
    if not found:
        raise FileNotFoundError("nothing has this prefix")


def to_entry(facts: Facts, own: str, stamp_of: StampOf) -> Entry | None:
    """Return what a listing of the folder `own` says of a file or folder in it.

    None is the placeholder of an empty folder.
    """
    key, is_folder = facts["name"], facts["type"] == "directory"
    if key.endswith("/") and not is_folder:
        return None
    key = key.removesuffix("/")
    name = "" if key.strip("/") == own else key.rpartition("/")[2]
    return Entry(name, is_folder, None if is_folder else stamp_of(facts), facts.get("size") or 0)


def entity_tag(facts: Facts) -> str | None:
    """Return the size and the entity tag (ETag) of an object; None where the store has no tags.

    The modification time is not used: two versions may be written within the clock's resolution.
    """
    tag = facts.get("ETag") or facts.get("etag")
    return f"{facts['size']}-{str(tag).strip(chr(34))}" if tag else None


def time_of_creation(facts: Facts) -> str | None:
    """Return the size and the time of creation, in microseconds, of a ``memory://`` file."""
    time = facts["created"]
    return f"{facts['size']}-{time.timestamp() if isinstance(time, datetime) else time}"
