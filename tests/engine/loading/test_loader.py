"""Batches are the same for any number of workers; an unreadable file is replaced and listed."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from failing_layout import FailingLayout, read_zeros
from forking_marks import forking
from small_data import COLOUR, NOISE, checked_data, equal_batches, read_batches

from translate.batches import Pair
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading import loader
from translate.engine.loading.transform import Augment

ImageFolder = Callable[..., Path]


@forking
def test_more_workers_than_cores_are_no_warning(data_config: Callable[..., Data]) -> None:
    read_batches(data_config(workers=(os.cpu_count() or 1) + 1))  # a warning would be an error


@forking
def test_batches_are_the_same_for_any_number_of_workers(data_config: Callable[..., Data]) -> None:
    augmentation = (COLOUR | {"to": "source"}, NOISE)
    expected = read_batches(data_config(augment=augmentation))
    assert isinstance(expected[0], Pair)
    assert expected[0].source.shape == (2, 3, 16, 16)
    assert expected[0].source.dtype == torch.uint8
    for workers in (1, 3):
        config = data_config(augment=augmentation, workers=workers)
        assert equal_batches(expected, read_batches(config))


def test_a_resumed_run_reads_the_batches_of_an_uninterrupted_one(
    data_config: Callable[..., Data],
) -> None:
    expected = read_batches(data_config())
    assert equal_batches(expected[4:], read_batches(data_config(), steps=range(4, 9)))
    assert equal_batches(expected[:4], read_batches(data_config(), steps=range(4)))


def test_processes_split_each_batch(data_config: Callable[..., Data]) -> None:
    batches, first_share, second_share = (
        read_batches(data_config(), batch_size=5, positions=positions)
        for positions in (None, range(2), range(2, 5))
    )
    for batch, first, second in zip(batches, first_share, second_share, strict=True):
        assert (len(first.source), len(second.source)) == (2, 3)
        assert torch.equal(batch.source, torch.cat([first.source, second.source]))


def test_D16_a_data_set_smaller_than_a_batch_repeats(
    data_config: Callable[..., Data], image_folder: ImageFolder
) -> None:
    image_folder("one", 1)
    config = data_config(layout="images", domains=("one",))
    (batch,) = read_batches(config, batch_size=4, steps=range(1))
    assert batch.images.shape == (4, 3, 16, 16)


def test_no_global_random_number_is_drawn(data_config: Callable[..., Data]) -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    read_batches(data_config(augment=(COLOUR, NOISE)))
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_global_random_numbers_change_no_batch(data_config: Callable[..., Data]) -> None:
    expected = read_batches(data_config(augment=(COLOUR, NOISE)))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert equal_batches(expected, read_batches(data_config(augment=(COLOUR, NOISE))))


@pytest.mark.parametrize("workers", [0, 2])
@forking
def test_D3_a_file_that_becomes_unreadable_is_replaced_and_listed_once(
    workers: int, data_config: Callable[..., Data], tmp_path: Path
) -> None:
    settings = data_config(cache=0, layout="images", domains=("a",), workers=workers)
    dataset = checked_data(settings)
    bad_path = tmp_path / "a/train/0002.png"
    bad_path.write_bytes(b"")
    batches = list(loader.batches(dataset, settings, seed=7, batch_size=2, steps=range(20)))
    reported = [problem for _, problems in batches for problem in problems]
    assert [(p.path, p.stage, p.message) for p in reported] == [
        (bad_path, "training", "an empty file")
    ]
    second = list(loader.batches(dataset, settings, seed=7, batch_size=2, steps=range(20)))
    assert equal_batches([batch for batch, _ in batches], [batch for batch, _ in second])


def test_real_photographs_are_batched(shared_images: Path) -> None:
    facades = Data(
        root=shared_images / "facades",
        domains=("labels", "photo"),
        layout={"name": "side-by-side", "sides": ["photo", "labels"]},
        split="val",
        size=128,
        channels=3,
    )
    (batch,) = read_batches(facades, batch_size=8, steps=range(1))
    assert batch.source.shape == batch.target.shape == (8, 3, 128, 128)
    zebras = Data(root=shared_images / "horse2zebra", domains=("A", "B"), split="test", size=64)
    (batch,) = read_batches(zebras, batch_size=8, steps=range(1))
    assert batch.source.shape == (8, 3, 64, 64)
    assert checked_data(zebras).layout.spec.size == (64, 64)


def test_T24_too_little_shared_memory_is_reported_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "SHARED_MEMORY", tmp_path)
    usage = SimpleNamespace(free=64 * 9 * 7)  # 7 batches of 9 images of 8x8 bytes
    monkeypatch.setattr("translate.engine.loading.loader.shutil.disk_usage", lambda _: usage)
    layout = FailingLayout(tmp_path, lambda: None)

    def warning(workers: int, batch_size: int = 9) -> str:
        settings = Data(domains=("a",), size=8, workers=workers)
        dataset = check.CheckedData(layout, Augment(settings, layout.spec, read_zeros), [], [])
        return loader.shared_memory_warning(dataset, settings, seed=1, batch_size=batch_size)

    assert warning(0, 10**6) == ""
    assert warning(3) == ""
    assert "data.workers: 4 workers with batches of" in warning(4)
    assert "Set data.workers=3, or give a container more: docker run --shm-size=2g" in warning(4)
    assert "Set data.workers=0" in warning(1, 100)
