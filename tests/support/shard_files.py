"""Tar shards for tests, on the disk and in stores."""

import tarfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

from translate.engine.storage.lookup import storage_of


def tar_file(members: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a tar file with these members."""
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    return file.getvalue()


def write_shards(places: Iterable[Path], shards: Mapping[str, Mapping[str, bytes]]) -> None:
    """Write the members of each shard into folders of the disk or of stores."""
    for place in places:
        for name, members in shards.items():
            storage_of(place).replace(place / name, tar_file(members))
