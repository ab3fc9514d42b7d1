"""`ShardWriter` writes each batch as one tar shard, which webdataset and `translate infer` read."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import small_checkpoints

from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.errors import MissingPackageError
from translate.folders.listing import find_images
from translate.images.files.file_bytes import read_file
from translate.images.files.tar_files import read_index, read_member
from translate.scale import Translate
from translate.scale.shards import ShardWriter


@pytest.fixture(scope="module")
def translate(tmp_path_factory: pytest.TempPathFactory) -> Translate:
    run = small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run")
    return Translate(run, device="cpu")


@pytest.fixture
def translated(translate: Translate, image_folder: Callable[..., Path]) -> dict[str, Any]:
    folder = image_folder("photos", 3)
    (folder / "0001.png").write_bytes(b"")
    return translate({"path": [str(path) for path in sorted(folder.iterdir())]})


def test_a_batch_is_one_shard_of_samples_with_their_records(
    translated: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = ShardWriter(out)(translated)
    (shard,) = out.iterdir()
    assert result["shard"] == [shard.name, "", shard.name] and "bytes" not in result
    assert [path.name for path in read_index(shard).members] == [
        "0000.json", "0000.png", "0002.json", "0002.png",
    ]  # fmt: skip
    assert not read_index(shard).problems
    assert read_member(shard / "0002.png") == translated["bytes"][2]
    record = json.loads(read_member(shard / "0000.json") or b"")
    assert record["input_sha256"] == translated["input_sha256"][0] and record["model"]
    assert [path.name for path in find_images(out)] == ["0000.png", "0002.png"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its open files
def test_webdataset_reads_the_shards(translated: dict[str, Any], tmp_path: Path) -> None:
    import webdataset

    ShardWriter(tmp_path / "out")(translated)
    (shard,) = (tmp_path / "out").iterdir()
    samples = list(webdataset.WebDataset(str(shard), shardshuffle=False))
    assert [sample["__key__"] for sample in samples] == ["0000", "0002"]
    assert samples[0]["png"] == translated["bytes"][0]


def test_a_batch_that_is_written_twice_gives_one_shard(
    translated: dict[str, Any], tmp_path: Path
) -> None:
    writer = pickle.loads(pickle.dumps(ShardWriter(tmp_path / "out")))
    writer(translated)
    (shard,) = (tmp_path / "out").iterdir()
    before = shard.stat().st_mtime_ns
    writer(translated)
    assert [path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()] == [before]


def test_parts_of_one_key_are_one_sample_and_a_repeated_name_is_a_problem(
    translate: Translate, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    paths = [str(path) for path in sorted(image_folder("photos", 3).iterdir())]
    batch = {"path": paths, "output": ["00/1.a.png", "00/1.b.png", "00/1.a.png"]}
    result = ShardWriter(tmp_path / "out")(translate(batch))
    assert [*result["reason"]] == ["", "", "EEXIST"]
    (shard,) = (tmp_path / "out").iterdir()
    names = [path.relative_to(shard).as_posix() for path in read_index(shard).members]
    assert names == ["00/1.a.json", "00/1.a.png", "00/1.b.json", "00/1.b.png"]


def test_a_batch_without_a_translation_gives_no_shard(translate: Translate, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    result = ShardWriter(tmp_path / "out")(translate({"path": [str(tmp_path / "x.png")]}))
    assert result["error"][0] == "an empty file" and not (tmp_path / "out").exists()


def test_a_shard_that_cannot_be_written_is_a_problem_of_each_row(
    translated: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "out").write_bytes(b"")
    result = ShardWriter(tmp_path / "out")(translated)
    assert [*result["stage"]] == ["write", "read", "write"]
    assert np.all(result["error"] != "")


def test_a_shard_in_a_store_has_the_bytes_of_one_on_the_disk(
    translated: dict[str, Any], tmp_path: Path
) -> None:
    url = parse_location(f"memory://{uuid4()}/out")
    ShardWriter(tmp_path / "out")(translated)
    results = [ShardWriter(str(url))(translated) for _ in range(2)]
    (shard,) = (tmp_path / "out").iterdir()
    assert results[0]["shard"] == results[1]["shard"] == [shard.name, "", shard.name]
    assert storage_of(url).names(url) == [shard.name], "no temporary file is left"
    assert read_file(url / shard.name) == shard.read_bytes()
    assert [path.name for path in find_images(url)] == ["0000.png", "0002.png"]


def test_a_missing_webdataset_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.errors.find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r'pip install "translate-kit\[shards\]"'):
        ShardWriter("out")
