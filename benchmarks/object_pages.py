"""CPU time and memory of planning the translation of a folder with many objects in S3.

python benchmarks/object_pages.py [--objects 1000000] [--shards 1]

Objects are listed, named, looked up among the outputs of an empty folder, and their entity tags
taken; each step prints a line. A stand-in for S3 answers the requests for pages of the folder, so
that time is that of this program without the network.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from translate.engine.inference.inputs.jobs import list_jobs
from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.names import OutputNames
from translate.engine.inference.outputs.remaining import find_remaining
from translate.engine.objects import files as object_files
from translate.engine.objects.files import ObjectFiles
from translate.engine.objects.listing import PAGE, list_by_page
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.folders.walk import walk

SOURCE, OUT = parse_location("s3://bucket/in"), parse_location("s3://bucket/out")


class ManyObjects(AbstractFileSystem):
    """A bucket with a folder ``in`` of `count` objects."""

    protocol, cachable, req_kw = ("s3",), False, dict[str, str]()

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def call_s3(self, _: str, **request: Any) -> Any:
        """Return a page of the folder, as `list_objects_v2` does."""
        if request["Prefix"] != "in/":
            return {}
        start = int(request.get("ContinuationToken", 0))
        end = min(self.count, start + PAGE)
        return {
            "Contents": [
                {
                    "Key": f"in/{number:08}.png",
                    "LastModified": datetime.now(UTC),
                    "ETag": f'"{number:032x}"',
                    "Size": 1000 + number,
                    "StorageClass": "STANDARD",
                }
                for number in range(start, end)
            ],
            "IsTruncated": end < self.count,
            "NextContinuationToken": str(end),
        }


def main() -> None:
    """Plan, and print a line for each step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=1, help="plan the first of them")
    args = parser.parse_args()
    files = ObjectFiles(ManyObjects(args.objects), lister=list_by_page)
    object_files.open_in_process = lambda *_: files  # type: ignore[assignment]
    for step, count in plan(Shard(0, args.shards) if args.shards > 1 else None):
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        print(f"{step:8} {count:9} objects {time.process_time():6.1f} s CPU {peak:6.0f} MB peak")


def plan(shard: Shard | None) -> Iterator[tuple[str, int]]:
    """Yield each step, and the number of objects."""
    storage_of(SOURCE)  # imports the modules of its stores
    yield "imports", 0
    inputs = Inputs(SOURCE, lambda: walk(SOURCE))
    yield "list", sum(len(siblings.images) for siblings in inputs.folders())
    jobs = list_jobs(inputs, OUT, OutputNames(), shard)
    yield "name", len(jobs)
    manifest = OutputManifest(OUT, {"model": "m"}, shard=shard)
    todo, *_ = find_remaining(manifest, jobs, Sources(1 << 20).digest)
    yield "look up", len(todo)
    manifest.digests.take_input_stamps(todo)
    yield "tags", len(todo)


if __name__ == "__main__":
    main()
