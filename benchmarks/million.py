"""A million images: seconds and memory of listing, planning, one shard and a rerun; no model.

python benchmarks/million.py [--files 100000 1000000] [--per-folder 1000] [--folder DIR]
                             [--rerun-files 100000] [--json FILE]

Files are hard links to one image of 1x1 pixel, in a temporary folder below DIR that is deleted at
the end. Each stage is a process of its own, so that its peak memory is its own:

imports   what the other stages import, without work
listing   every image is listed, folder by folder, and none is kept
plan      every image gets its output, and outputs that exist are looked for (there are none)
shard     the same for shard 0 of 200, as a task of a Slurm array does
rerun     every output exists: both files are read, and their hashes are looked up in the records
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

LINKS = 50_000
"""hard links of one file, below the limit of ext4"""
SHARDS = 200


def main() -> None:
    """Measure, and print a row for each stage and number of files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--per-folder", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rerun-files", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stage:
        measure(args.stage[0], Path(args.stage[1]))
        return
    import tables  # imports PyTorch, which the stages do not need

    rows = []
    for count in args.files:
        with tempfile.TemporaryDirectory(dir=args.folder, prefix="million-") as folder:
            root = Path(folder)
            source, output = png(0), png(255)
            make_tree(root / "in", count, args.per_folder, source)
            for stage in ("imports", "listing", "plan", "shard"):
                rows.append(run_stage(stage, root, count))
            if count <= args.rerun_files:
                make_tree(root / "out", count, args.per_folder, output)
                digests = [sha256(content).hexdigest() for content in (source, output)]
                write_records(root, count, args.per_folder, *digests)
                rows.append(run_stage("rerun", root, count))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))
    print(tables.table(rows))


def png(level: int) -> bytes:
    """Return the file of one gray pixel."""
    import numpy as np

    from translate.images.encode import encode_image

    return encode_image(np.full((1, 1, 3), level, np.uint8), ".png")


def name_of(number: int, per_folder: int) -> str:
    return f"{number // per_folder:05}/{number:08}.png"


def make_tree(root: Path, count: int, per_folder: int, data: bytes) -> None:
    """Make `count` names of one file."""
    for number in range(count):
        path = f"{root}/{name_of(number, per_folder)}"
        if number % per_folder == 0:
            Path(path).parent.mkdir(parents=True)
        if number % LINKS == 0:
            original = path
            Path(path).write_bytes(data)
        else:
            os.link(original, path)


def write_records(
    root: Path, count: int, per_folder: int, input_sha256: str, output_sha256: str
) -> None:
    """Write the record of each output, as `translate infer` does."""
    from translate.engine.inference.outputs.records import DoneRecord

    folder = root / "out/.translate"
    folder.mkdir()
    with (folder / "done.jsonl").open("w") as file:
        for number in range(count):
            record = DoneRecord(
                output=name_of(number, per_folder),
                output_sha256=output_sha256,
                input_sha256=input_sha256,
            )
            line = {**record.model_dump(exclude_defaults=True), "input": str(root), "model": "m"}
            file.write(json.dumps(line) + "\n")


def run_stage(stage: str, root: Path, count: int) -> dict[str, object]:
    """Run a stage in a process, and return its row."""
    command = [sys.executable, __file__, "--stage", stage, str(root)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    files, seconds, cpu, megabytes = json.loads(result.stdout)
    print(f"{count} {stage}: {seconds:.1f} s {megabytes:.0f} MB", file=sys.stderr)
    row = {"files": count, "stage": stage, "found": files, "seconds": round(seconds, 1)}
    return {**row, "CPU seconds": round(cpu, 1), "peak MB": round(megabytes)}


def measure(stage: str, root: Path) -> None:
    """Run a stage in this process, and print how many files it found, its time and memory."""
    from translate.engine.inference.inputs.jobs import list_jobs
    from translate.engine.inference.inputs.paths import find_inputs
    from translate.engine.inference.inputs.sources import Sources
    from translate.engine.inference.outputs.manifest import OutputManifest
    from translate.engine.inference.outputs.names import OutputNames
    from translate.engine.inference.outputs.remaining import find_remaining
    from translate.engine.shards.shard import Shard

    def list_all() -> int:
        folders = find_inputs(root / "in", root / "out").folders()
        return sum(len(folder.images) for folder in folders)

    def plan(shard: Shard | None = None) -> int:
        inputs, sources = find_inputs(root / "in", root / "out"), Sources(1 << 20)
        jobs = list_jobs(inputs, root / "out", OutputNames(), shard)
        manifest = OutputManifest(root / "out", {"model": "m"}, shard=shard)
        todo, done, _ = find_remaining(manifest, jobs, sources.digest)
        assert bool(todo) != (stage == "rerun"), (len(todo), done)
        return len(jobs)

    stages: dict[str, Callable[[], int]] = {
        "imports": lambda: 0,
        "listing": list_all,
        "plan": plan,
        "shard": lambda: plan(Shard(0, SHARDS)),
        "rerun": plan,
    }
    start, cpu_start = time.perf_counter(), time.process_time()
    files = stages[stage]()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    status = Path("/proc/self/status").read_text()  # ru_maxrss would be that of the parent
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps([files, seconds, cpu, peak]))


if __name__ == "__main__":
    main()
