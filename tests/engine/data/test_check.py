"""Data are checked before training: unreadable files are listed, unusable data are refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from encoded_images import write_photo, write_strip
from small_data import checked_data, equal_batches, read_batches

from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading import loader
from translate.errors import ConfigError, DataError, TrainingError


def test_D12_a_dead_link_is_listed_before_training(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    (tmp_path / "a/train/dead.png").symlink_to("nowhere")
    result = checked_data(data_config(max_bad=0.5))
    assert [(p.path.name, p.message) for p in result.problems] == [
        ("dead.png", "a link to nothing")
    ]


@pytest.mark.parametrize("cache", [0, 2.0])
def test_a_bad_file_changes_only_the_list_of_items(
    cache: float, data_config: Callable[..., Data], tmp_path: Path
) -> None:
    bad_path = tmp_path / "a/train/0002.png"
    bad_path.write_bytes(b"<html>")
    settings = data_config(cache=cache)
    (problem,) = checked_data(settings).problems
    assert problem.path == bad_path
    assert (problem.stage, problem.reason) == ("check", "unreadable")
    with_bad_file = read_batches(settings)
    bad_path.unlink()
    assert checked_data(settings).problems == []
    assert equal_batches(with_bad_file, read_batches(settings))


def test_a_truncated_file_is_found_by_full_decoding(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    bad_path = tmp_path / "b/train/0001.png"
    bad_path.write_bytes(bad_path.read_bytes()[:-40])
    assert [problem.path for problem in checked_data(data_config()).problems] == [bad_path]
    assert checked_data(data_config(cache=0)).problems == []


def test_D11_training_stops_if_its_folder_disappears(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    settings = data_config(cache=0)
    dataset = checked_data(settings)
    (tmp_path / "a").rename(tmp_path / "gone")
    with pytest.raises(
        TrainingError, match=r"100 items in a row cannot be read\. The first is \S+/a/train/000"
    ):
        next(loader.batches(dataset, settings, seed=0, batch_size=1))


def test_D18_more_bad_files_than_allowed_stop_training(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    for number in (0, 1):
        (tmp_path / f"a/train/000{number}.png").write_bytes(b"")
    with pytest.raises(
        TrainingError, match=r"2 of 8 images cannot be read, and data\.max_bad is 0\.2"
    ):
        checked_data(data_config(max_bad=0.2))
    assert len(checked_data(data_config(max_bad=0.25)).problems) == 2


def test_a_domain_without_usable_images_is_refused(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match="not one of 8 images can be read"):
        checked_data(data_config())


@pytest.mark.parametrize("width", [60_000, 2_000_000])
def test_a_strip_that_is_too_large_when_resized_is_listed_before_training(
    width: int, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        write_photo(tmp_path / f"one/train/{name}.png")
    path = write_strip(tmp_path / "one/train/strip.png", width)
    for cache in (0, 4):
        settings = Data(
            root=tmp_path, domains=("one",), layout="images", size=64, max_bad=0.5, cache=cache
        )
        dataset = check.check_data(check.open_layout(settings), settings)
        (problem,) = dataset.problems
        assert problem.path == path
        assert problem.message.startswith(f"its {width}x1 pixels would become ")
        assert "before a crop of 64x64, more than 178,956,970: split it" in problem.message
        assert len(dataset.layout) == 3


def test_a_store_is_refused_with_the_layouts_that_read_stores(
    data_config: Callable[..., Data],
) -> None:
    with pytest.raises(ConfigError, match=r"in a store, .* read stores: webdataset\."):
        check.open_layout(data_config(root="s3://photos"))
