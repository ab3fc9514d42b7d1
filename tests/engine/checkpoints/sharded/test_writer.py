"""Each process writes its shards to a file, and the index names the file of each part."""

import json
from hashlib import sha256

from safetensors.torch import load_file
from sharded_states import SavedRun

from translate.engine.checkpoints.contents import MANIFEST
from translate.engine.checkpoints.sharded.index import SHARDS


def test_two_processes_write_about_half_of_the_moments_each_and_no_element_twice(
    saved: SavedRun,
) -> None:
    files = {name: load_file(saved.path / name) for name in ("training.safetensors",
                                                      "training-rank-1.safetensors")}  # fmt: skip
    index = json.loads((saved.path / SHARDS).read_bytes())["tensors"]
    moments = {
        name: tensor for name, tensor in saved.expected.items() if name.startswith("optimizer/")
    }
    assert index.keys() == moments.keys()
    for name, tensor in moments.items():
        times_written = tensor.clone().fill_(0)
        for part in index[name]["parts"]:
            ranges = zip(part["offsets"], part["shape"], strict=True)
            region = tuple(slice(start, start + length) for start, length in ranges)
            written = files[part["file"]][name]
            assert written.tolist() == tensor[region].tolist(), name
            times_written[region] += 1
        assert (times_written == 1).all(), name
    sizes = [sum(t.nbytes for n, t in each.items() if n in index) for each in files.values()]
    assert max(sizes) < 0.6 * sum(sizes)
    assert all("random/torch" in each for each in files.values())


def test_the_manifest_has_the_digests_of_the_files_of_all_processes(saved: SavedRun) -> None:
    listed = json.loads((saved.path / MANIFEST).read_bytes())["files"]
    assert {*listed, MANIFEST} == {file.name for file in saved.path.iterdir()}
    assert {SHARDS, "training-rank-1.safetensors"} <= listed.keys()
    for name, facts in listed.items():
        assert facts["sha256"] == sha256((saved.path / name).read_bytes()).hexdigest()
