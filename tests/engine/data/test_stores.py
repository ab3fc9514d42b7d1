"""Training on tar shards in a store equals training on the disk, and resumes exactly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_runs
from s3_server import new_bucket
from shard_files import write_shards

from translate.errors import TranslateError
from translate.images.encode import encode_image


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), np.uint8)
    return encode_image(pixels, ".png")


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty bucket."""
    return new_bucket(request, monkeypatch)


@pytest.fixture
def pairs(store: Path, tmp_path: Path) -> Path:
    """Write two shards of pairs to the store and the disk; return their folder on the disk."""
    names = [(shard, f"{key}.{side}.png") for shard in "01" for key in range(3) for side in "ab"]
    shards = {
        f"{shard}.tar": {name: png(seed) for seed, (own, name) in enumerate(names) if own == shard}
        for shard in "01"
    }
    write_shards([store / "pairs", tmp_path / "pairs"], shards)
    return tmp_path / "pairs"


@pytest.fixture
def config() -> Callable[..., Any]:
    def make(root: object, **flags: Any) -> Any:
        flags = {"data__layout": "webdataset", "train__batch_size": 2, **flags}
        return small_runs.config(root, **flags)  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize("source", ["/{0..1}.tar", pytest.param("", marks=pytest.mark.slow)])
def test_a_run_on_a_store_has_the_weights_of_a_run_on_the_disk_also_after_a_resume(
    source: str, pairs: Path, store: Path, config: Callable[..., Any], tmp_path: Path
) -> None:
    url = f"{store}/pairs{source}"
    on_disk, on_store = tmp_path / "on disk", tmp_path / "on store"
    for root, run in ((f"{pairs}{source}", on_disk), (url, on_store)):
        small_runs.train(config(root, train__steps=2), run)
        small_runs.resume(run, steps=4)
    weights = "checkpoints/step-00000004/weights.safetensors"
    assert (on_disk / weights).read_bytes() == (on_store / weights).read_bytes()
    assert url in (on_store / "config.yaml").read_text()


@pytest.mark.slow
def test_workers_have_connections_of_their_own(
    pairs: Path, store: Path, config: Callable[..., Any], tmp_path: Path
) -> None:
    if store.scheme == "memory":  # type: ignore[attr-defined]
        pytest.skip("the objects of memory:// are those of one process")
    small_runs.train(config(store / "pairs", data__workers=1), tmp_path / "there")
    assert (tmp_path / "there/checkpoints/step-00000004").is_dir() and pairs.is_dir()


@pytest.mark.parametrize(
    ("source", "layout", "message"),
    [
        ("none", "webdataset", "none"),
        ("pairs/{7..8}.tar", "webdataset", "there is no image in tar files that match"),
        ("pairs", "unpaired", "store"),
        ("pairs", "paired", "store"),
    ],
)
def test_an_unreadable_store_is_a_one_line_error(
    source: str, layout: str, message: str,
    pairs: Path, store: Path, config: Callable[..., Any], tmp_path: Path,
) -> None:  # fmt: skip
    with pytest.raises(TranslateError, match=message) as caught:
        small_runs.train(config(f"{store}/{source}", data__layout=layout), tmp_path / "run")
    assert "\n" not in str(caught.value) and pairs.is_dir()


def test_the_command_takes_the_url_of_a_store(run_command: Callable[..., Any]) -> None:
    result = run_command("train", "--config", "cyclegan-small", "--data", "memory://photos/in")
    assert result.code == 2 and result.err.count("\n") == 1
    assert result.err.startswith("Error: data.root: there is no folder memory://photos/in.")
