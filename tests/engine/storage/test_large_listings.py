"""To list the jobs of a shard, only the listing of one folder of a store is in memory."""

import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from translate.engine.inference.inputs.jobs import list_jobs
from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.outputs.names import OutputNames
from translate.engine.objects.files import ObjectFiles
from translate.engine.shards.shard import Shard
from translate.engine.system.locations import parse_location
from translate.folders.walk import walk

FOLDERS, FILES = 40, 500
ROOT = parse_location("s3://bucket/in")


class ManyObjects:
    """A file system of FOLDERS folders with FILES files each; it records which are listed."""

    def __init__(self) -> None:
        self.listed: list[str] = []

    def invalidate_cache(self) -> None:
        pass

    def _strip_protocol(self, path: str) -> str:
        return path.partition("://")[2]

    def ls(self, path: str, *, detail: bool) -> list[dict[str, Any]]:  # noqa: ARG002
        self.listed.append(path)
        key = self._strip_protocol(path)
        if path == str(ROOT):
            return [{"name": f"{key}/{n:03}", "type": "directory"} for n in range(FOLDERS)]
        return [
            {"name": f"{key}/{n:04}.png", "type": "file", "size": n, "ETag": f'"{key}{n}"'}
            for n in range(FILES)
        ]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> ManyObjects:
    """Return a file system that is opened for each store."""
    objects = ManyObjects()
    monkeypatch.setattr("translate.folders.walk.open_files", lambda *_: ObjectFiles(objects))
    return objects


def test_folders_are_listed_one_by_one(files: ManyObjects) -> None:
    folders = walk(ROOT)
    assert len(next(folders).folders) == FOLDERS and len(next(folders).images) == FILES
    assert files.listed == [str(ROOT), f"{ROOT}/000"]
    assert sum(len(siblings.images) for siblings in folders) == (FOLDERS - 1) * FILES
    assert len(files.listed) == 1 + FOLDERS


@pytest.mark.usefixtures("files")
def test_the_jobs_of_a_shard_of_20000_objects_take_the_memory_of_one_folder() -> None:
    inputs, out = Inputs(ROOT, partial(walk, ROOT)), Path("out")

    tracemalloc.start()
    try:
        jobs = list_jobs(inputs, out, OutputNames(), Shard(3, 100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 120 < len(jobs) < 280, "about one of 100"
    assert peak < 2 * FILES * 1024, "about a kilobyte for each object of a folder"
    assert len(list_jobs(inputs, out, OutputNames())) == FOLDERS * FILES
