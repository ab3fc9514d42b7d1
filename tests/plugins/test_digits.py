"""The images of the sample domain of digits."""

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
from translate.engine.data import check, samples
from translate.engine.loading import loader
from translate.images.source import EncodedImage
from translate_plugins import digits
from translate_plugins.digits.handwriting import SIDE, draw_digit
from translate_plugins.digits.shapes import SHAPES
from translate_plugins.layouts.idx import read

FIRST = "b932c3e70934ac5b7e4642a8430545a0732c8f0a889d2e8b73432c49f283f07d"
ALL = "9938ceea797f69a0b237b4ffab9ad4eb48af6772f975516fe9ff746f05376af8"


def write_digits(digit: str, count: int, split: str = "test") -> NDArray[np.uint8]:
    """Return the first images of a digit, (count, 28, 28)."""
    names = (f"digits/{split}/{digit}/{number:04}.png" for number in range(1, count + 1))
    return np.stack([draw_digit(digit, Random(name))[..., 0] for name in names])


@pytest.fixture(scope="module")
def digit_images() -> dict[str, NDArray[np.uint8]]:
    return {path: np.asarray(pixels) for path, pixels in digits.draw()}


@pytest.mark.slow
def test_there_are_600_training_and_100_test_images_of_each_digit(
    digit_images: dict[str, NDArray[np.uint8]],
) -> None:
    counts = Counter(str(PurePosixPath(path).parent) for path in digit_images)
    expected = {f"train/{digit}": 600 for digit in "0123456789"}
    assert counts == expected | {f"test/{digit}": 100 for digit in "0123456789"}
    assert next(iter(digit_images)) == "train/0/0001.png"
    assert all(p.shape == (28, 28, 1) and p.dtype == np.uint8 for p in digit_images.values())
    assert len({pixels.tobytes() for pixels in digit_images.values()}) == 7000


def test_every_pixel_is_the_same_on_every_machine() -> None:
    digest = sha256(write_digits("0", 1, "train").tobytes()).hexdigest()
    assert digest == FIRST, "increase VERSION"


@pytest.mark.slow
def test_every_image_is_the_same_on_every_machine(
    digit_images: dict[str, NDArray[np.uint8]],
) -> None:
    first = sha256(digit_images["train/0/0001.png"].tobytes()).hexdigest()
    digest = sha256(b"".join(pixels.tobytes() for pixels in digit_images.values())).hexdigest()
    assert (first, digest) == (FIRST, ALL), "increase VERSION"


@pytest.mark.slow
def test_a_digit_is_white_on_black_and_has_the_size_of_those_of_mnist(
    digit_images: dict[str, NDArray[np.uint8]],
) -> None:
    images = np.stack([pixels[..., 0] for pixels in digit_images.values()])
    assert (images.max(axis=(1, 2)) == 255).all()
    assert not images[:, [0, -1]].any(), "ink touches an edge"
    assert not images[:, :, [0, -1]].any(), "ink touches an edge"
    sides = [np.ptp(np.argwhere(image), axis=0).max() + 1 for image in images]
    assert 19 <= min(sides) <= max(sides) <= 24  # about 20, and wider for thick pens
    assert 0.10 < images.mean() / 255 < 0.16  # MNIST: 0.131


def test_the_centre_of_mass_is_the_centre_of_the_image() -> None:
    images = np.concatenate([write_digits(digit, 50) for digit in SHAPES]).astype(float)
    ink, positions = images.sum(axis=(1, 2)), np.arange(SIDE) - (SIDE - 1) / 2
    y = (images.sum(axis=2) * positions).sum(axis=1) / ink
    x = (images.sum(axis=1) * positions).sum(axis=1) / ink
    distances = np.maximum(abs(y), abs(x))
    assert np.quantile(distances, 0.95) < 0.1
    assert distances.max() < 2  # a wide seven cannot be moved beyond the edge


def test_edges_are_antialiased() -> None:
    assert len(np.unique(write_digits("8", 20))) > 50


@pytest.mark.parametrize("digit", ["1", "2", "4", "6", "7", "9"])
def test_a_digit_with_two_shapes_has_both(digit: str) -> None:
    (first, first_fraction), (second, second_fraction) = SHAPES[digit]
    assert first != second
    assert first_fraction + second_fraction == pytest.approx(1)


def test_writing_draws_no_global_random_number() -> None:
    before = np.random.get_state()[1].tolist(), torch.get_rng_state()
    assert (write_digits("5", 2) == write_digits("5", 2)).all()
    assert np.random.get_state()[1].tolist() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_digits_are_gray_files_and_are_read_with_their_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(digits, "IMAGES_PER_DIGIT", {"train": 3, "test": 2})
    settings = Data(
        domains=("digits",), layout="labelled", size=32, resize="fit", flip=False, channels=1
    )
    samples.ensure(settings)
    assert messages[-1].startswith("datasets/digits: 50 images")
    path = Path("datasets/digits/train/7/0001.png")
    header = EncodedImage.open(path).header
    assert (header.format, header.mode, header.size) == ("PNG", "L", (28, 28))
    checked_data = check.check_data(check.open_layout(settings), settings)
    (batch, _), *_ = loader.batches(checked_data, settings, seed=0, batch_size=30, steps=range(1))
    assert checked_data.layout.spec.classes == tuple("0123456789")
    assert sorted(batch.labels.tolist()) == sorted(list(range(10)) * 3)
    assert batch.images.shape == (30, 1, 32, 32)
    assert not batch.images[..., 28:].any()  # padded, not enlarged
    position = batch.labels.tolist().index(7)
    sevens = write_digits("7", 3, "train")
    assert any((batch.images[position, 0, :28, :28].numpy() == seven).all() for seven in sevens)


@pytest.mark.slow
def test_a_classifier_trained_on_mnist_recognizes_the_digits(shared_images: Path) -> None:
    torch.manual_seed(0)
    classifier = nn.Sequential(
        nn.Conv2d(1, 16, 5, 2), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU(), nn.Flatten(),
        nn.Linear(800, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(classifier.parameters(), 2e-3)
    images = read(shared_images / "mnist/train-images-idx3-ubyte.gz", 3)
    labels = read(shared_images / "mnist/train-labels-idx1-ubyte.gz", 1).long()
    for indices in torch.randperm(len(labels)).split(100):
        loss = F.cross_entropy(classifier(images[indices, None] / 255), labels[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for digit in SHAPES:
        with torch.inference_mode():
            logits = classifier(torch.from_numpy(write_digits(digit, 100))[:, None] / 255)
        assert (logits.argmax(1) == int(digit)).float().mean() > 0.85, digit
