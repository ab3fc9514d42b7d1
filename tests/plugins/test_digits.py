"""The sample domain of digits: what it promises, checked on the pictures themselves."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path, PurePosixPath
from random import Random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from translate.engine.config.schema import Data
from translate.engine.data import check, loader, samples
from translate.images.source import EncodedImage
from translate_plugins import digits
from translate_plugins.digits.handwriting import SIDE, draw_digit
from translate_plugins.digits.shapes import SHAPES
from translate_plugins.layouts.idx import read

FIRST = "b932c3e70934ac5b7e4642a8430545a0732c8f0a889d2e8b73432c49f283f07d"
ALL = "9938ceea797f69a0b237b4ffab9ad4eb48af6772f975516fe9ff746f05376af8"


def written(digit: str, count: int, split: str = "test") -> NDArray[np.uint8]:
    """Return the first pictures of a digit, (count, 28, 28)."""
    names = (f"digits/{split}/{digit}/{number:04}.png" for number in range(1, count + 1))
    return np.stack([draw_digit(digit, Random(name))[..., 0] for name in names])


@pytest.fixture(scope="module")
def drawn() -> dict[str, NDArray[np.uint8]]:
    return {path: np.asarray(pixels) for path, pixels in digits.draw()}


def test_there_are_600_of_each_digit_to_train_on_and_100_to_test(
    drawn: dict[str, NDArray[np.uint8]],
) -> None:
    counts = Counter(str(PurePosixPath(path).parent) for path in drawn)
    expected = {f"train/{digit}": 600 for digit in "0123456789"}
    assert counts == expected | {f"test/{digit}": 100 for digit in "0123456789"}
    assert next(iter(drawn)) == "train/0/0001.png"
    assert all(p.shape == (28, 28, 1) and p.dtype == np.uint8 for p in drawn.values())
    assert len({pixels.tobytes() for pixels in drawn.values()}) == 7000


def test_every_pixel_is_the_same_on_every_machine(drawn: dict[str, NDArray[np.uint8]]) -> None:
    first = sha256(drawn["train/0/0001.png"].tobytes()).hexdigest()
    whole = sha256(b"".join(pixels.tobytes() for pixels in drawn.values())).hexdigest()
    assert (first, whole) == (FIRST, ALL), "raise VERSION"
    assert (written("0", 1, "train")[0] == drawn["train/0/0001.png"][..., 0]).all()


def test_a_digit_is_white_on_black_and_as_large_as_those_of_mnist(
    drawn: dict[str, NDArray[np.uint8]],
) -> None:
    pictures = np.stack([pixels[..., 0] for pixels in drawn.values()])
    assert (pictures.max(axis=(1, 2)) == 255).all()
    assert not pictures[:, [0, -1]].any(), "ink touches an edge"
    assert not pictures[:, :, [0, -1]].any(), "ink touches an edge"
    sides = [np.ptp(np.argwhere(picture), axis=0).max() + 1 for picture in pictures]
    assert 19 <= min(sides) <= max(sides) <= 24  # a pen pressed hard, and edges
    assert 0.10 < pictures.mean() / 255 < 0.16  # MNIST: 0.131


def test_the_middle_of_the_ink_is_the_middle_of_the_picture() -> None:
    pictures = np.concatenate([written(digit, 50) for digit in SHAPES]).astype(float)
    ink, places = pictures.sum(axis=(1, 2)), np.arange(SIDE) - (SIDE - 1) / 2
    down = (pictures.sum(axis=2) * places).sum(axis=1) / ink
    across = (pictures.sum(axis=1) * places).sum(axis=1) / ink
    off = np.maximum(abs(down), abs(across))
    assert np.quantile(off, 0.95) < 0.1
    assert off.max() < 2  # a long seven is stopped by the edge


def test_edges_are_smooth() -> None:
    levels = np.unique(written("8", 20))
    assert len(levels) > 50


@pytest.mark.parametrize("digit", ["1", "2", "4", "6", "7", "9"])
def test_people_write_it_in_two_ways(digit: str) -> None:
    (one, share), (other, rest) = SHAPES[digit]
    assert one != other
    assert share + rest == pytest.approx(1)


def test_writing_draws_no_global_random_number() -> None:
    before = np.random.get_state()[1].tolist(), torch.get_rng_state()
    assert (written("5", 2) == written("5", 2)).all()
    assert np.random.get_state()[1].tolist() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_digits_are_drawn_as_gray_files_and_read_with_their_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(digits, "SPLITS", {"train": 3, "test": 2})
    settings = Data(
        domains=("digits",), layout="labelled", size=32, resize="fit", flip=False, channels=1
    )
    samples.ensure(settings)
    assert messages[-1].startswith("datasets/digits: 50 images")
    path = Path("datasets/digits/train/7/0001.png")
    header = EncodedImage.open(path).header
    assert (header.format, header.mode, header.size) == ("PNG", "L", (28, 28))
    prepared = check.check_data(check.open_layout(settings), settings)
    (batch, _), *_ = loader.batches(prepared, settings, seed=0, batch_size=30, stop=1)
    assert prepared.layout.spec.classes == tuple("0123456789")
    assert sorted(batch.labels.tolist()) == sorted(list(range(10)) * 3)
    assert batch.images.shape == (30, 1, 32, 32)
    assert not batch.images[..., 28:].any()  # padded, not enlarged
    place = batch.labels.tolist().index(7)
    sevens = written("7", 3, "train")
    assert any((batch.images[place, 0, :28, :28].numpy() == seven).all() for seven in sevens)


@pytest.mark.slow
def test_a_network_that_learned_to_read_mnist_reads_them(shared_images: Path) -> None:
    torch.manual_seed(0)
    reader = nn.Sequential(
        nn.Conv2d(1, 16, 5, 2), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU(), nn.Flatten(),
        nn.Linear(800, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(reader.parameters(), 2e-3)
    pictures = read(shared_images / "mnist/train-images-idx3-ubyte.gz", 3)
    labels = read(shared_images / "mnist/train-labels-idx1-ubyte.gz", 1).long()
    for chosen in torch.randperm(len(labels)).split(100):
        loss = F.cross_entropy(reader(pictures[chosen, None] / 255), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for digit in SHAPES:
        with torch.inference_mode():
            seen = reader(torch.from_numpy(written(digit, 100))[:, None] / 255).argmax(1)
        assert (seen == int(digit)).float().mean() > 0.85, digit
