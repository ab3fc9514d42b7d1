"""A shard that is killed loses no image and translates none twice; its manifest comes last."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from disk_faults import FaultyDisk, ProcessKilled, kill_process
from image_inversion import done_skipped_listed, file_digests, translate

from translate.engine.inference import pipeline
from translate.engine.shards.manifests import missing_shards
from translate.engine.shards.shard import Shard

SHARD = Shard(1, 2)


class KilledShard:
    """A shard with processes that are killed, and its complete outputs to compare with."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.source, self.out = source, folder / "out"
        reference = translate(source, folder / "reference", shard=SHARD)
        self.complete = images(folder / "reference")
        self.images = reference.done
        assert self.images == reference.requested > 5

    def translate(self) -> None:
        """Translate the remaining images, and check that the existing outputs are skipped."""
        before = len(list(self.out.rglob("*.png")))
        result = translate(self.source, self.out, shard=SHARD)
        assert done_skipped_listed(result) == (self.images - before, before, 0)

    def check(self) -> None:
        """Check that each output is complete or absent, and that all are there with a manifest."""
        outputs = images(self.out)
        assert outputs.items() <= self.complete.items()
        if 1 not in missing_shards(self.out, 2):
            assert outputs == self.complete
            record = json.loads((self.out / ".shards/1-of-2.json").read_text())
            assert record["done"] + record["skipped"] == self.images

    def check_complete(self) -> None:
        self.check()
        assert missing_shards(self.out, 2) == [0]
        assert not list(self.out.rglob(".*.part-*"))
        records = (self.out / ".translate/done-1-of-2.jsonl").read_text().splitlines()
        recorded = {json.loads(line)["output"] for line in records if line.endswith("}")}
        assert recorded == set(self.complete)


def images(folder: Path) -> dict[str, str]:
    """Return the hash of each image below `folder`."""
    return {n: digest for n, digest in file_digests(folder).items() if n.endswith(".png")}


@pytest.fixture
def killed(tmp_path: Path, image_folder: Callable[..., Path]) -> KilledShard:
    image_folder("in/deep", 6, size=8)
    return KilledShard(image_folder("in", 10, size=8), tmp_path)


def test_a_shard_that_is_killed_at_any_operation_is_completed_by_the_next_run(
    killed: KilledShard, disk: FaultyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WRITERS", 1)
    moments = 0
    for number in (3, 17, 31, 46, 1000):
        disk.arm(number, kill_process)
        try:
            with mock.patch("os.getpid", return_value=number):
                killed.translate()
        except ProcessKilled:
            moments += 1
        disk.disarm()
        killed.check()
    assert moments == 4
    killed.check_complete()


@pytest.mark.slow
def test_a_shard_that_is_killed_fifty_times_translates_each_image_once(
    killed: KilledShard, tmp_path: Path
) -> None:
    generator, moments, rounds = random.Random(0), 0, 0
    while moments < 50:
        killed.out, complete = tmp_path / f"out-{rounds}", False
        rounds += 1
        while not complete:
            child = os.fork()
            if child == 0:
                try:
                    killed.translate()
                finally:
                    os._exit(0 if 1 not in missing_shards(killed.out, 2) else 1)
            time.sleep(generator.uniform(0, 0.3))
            os.kill(child, signal.SIGKILL)
            complete = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            moments += not complete
            killed.check()
        killed.translate()
        killed.check_complete()
    assert rounds > 2


def test_two_shards_at_once_share_a_folder(killed: KilledShard) -> None:
    children = []
    for index in (0, 1):
        if (child := os.fork()) == 0:
            code = 1
            try:
                translate(killed.source, killed.out, shard=Shard(index, 2))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    assert missing_shards(killed.out, 2) == []
    assert len(list(killed.out.rglob("*.png"))) == 16
    assert not list(killed.out.rglob(".*.part-*"))
