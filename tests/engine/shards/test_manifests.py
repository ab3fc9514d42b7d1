"""A shard is complete where its manifest is, of the model and options of all shards."""

from pathlib import Path

import pytest

from translate.engine.disk.records import json_files
from translate.engine.shards.manifests import ShardManifests, missing_shards
from translate.engine.shards.shard import Shard
from translate.errors import ConfigError
from translate.results import InferenceResult

RESULT = InferenceResult(5, Path("problems.jsonl"), done=3, skipped=1, listed=1)


def test_a_manifest_has_the_counts_and_digests(tmp_path: Path) -> None:
    manifests = ShardManifests(tmp_path, {"model": "m", "size": 64})
    manifests.begin(overwrite=False)
    manifests.end(Shard(2, 3), RESULT)
    record = json_files.read_json(tmp_path / ".shards/2-of-3.json")
    counts = {key: record[key] for key in ("requested", "done", "skipped", "listed")}
    assert counts == {"requested": 5, "done": 3, "skipped": 1, "listed": 1}
    assert (record["model"], len(record["options"])) == ("m", 64)
    assert missing_shards(tmp_path, 3) == [0, 1]
    assert missing_shards(tmp_path, 2) == [0, 1], "of another number of shards"
    manifests.discard(Shard(2, 3))
    assert missing_shards(tmp_path, 3) == [0, 1, 2]


def test_shards_of_another_model_are_refused_or_all_run_again(tmp_path: Path) -> None:
    first = ShardManifests(tmp_path, {"model": "m", "size": 64})
    first.begin(overwrite=False)
    first.end(Shard(0, 2), RESULT)
    first.begin(overwrite=False)
    for made_by in ({"model": "other", "size": 64}, {"model": "m", "size": 32}):
        other = ShardManifests(tmp_path, made_by)
        with pytest.raises(ConfigError, match="another model or other options"):
            other.begin(overwrite=False)
    assert missing_shards(tmp_path, 2) == [1]
    other.begin(overwrite=True)
    assert missing_shards(tmp_path, 2) == [0, 1]


def test_a_manifest_that_is_no_manifest_does_not_count(tmp_path: Path) -> None:
    ShardManifests(tmp_path, {"model": "m"}).begin(overwrite=False)
    (tmp_path / ".shards/0-of-2.json").write_text('{"model": "m"')
    (tmp_path / ".shards/1-of-2.json").write_text("[]")
    assert missing_shards(tmp_path, 2) == [0, 1]
    assert missing_shards(tmp_path / "none", 2) == [0, 1]
