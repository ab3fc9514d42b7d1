"""Kernel and Fréchet distances equal references; features of EfficientNet-Lite0."""

import hashlib

import numpy as np
import pytest
import torch
from metric_values import measure, random_images, value_of
from torch import Tensor
from torch_fidelity.metric_kid import kernel_mmd

from translate.batches import Domain
from translate.errors import ConfigError
from translate.nn.pretrained import efficientnet_lite0, efficientnet_lite0_weights
from translate.registry import create
from translate_plugins.metrics.features import lite0

GRAY = Domain("", channels=1)


def images(count: int, *, seed: int, levels: int = 256) -> Tensor:
    return random_images(count, 16, 16, seed=seed, levels=levels)


def features(batch: Tensor) -> np.ndarray:
    return lite0()(batch, Domain("")).double().numpy()


def test_the_kernel_distance_is_that_of_torch_fidelity() -> None:
    fake, real = images(6, seed=1), images(6, seed=2, levels=128)
    expected = kernel_mmd(features(fake), features(real), kid_kernel="poly")
    distance = value_of("kd-lite0", fake=fake, real=real)
    assert distance == pytest.approx(expected, rel=1e-4)
    assert value_of("kd-lite0", fake=real, real=images(6, seed=3, levels=128)) < distance


def test_the_kernel_distance_of_unequal_numbers_is_repeatable_and_near_that_of_equal_numbers() -> (
    None
):
    fake, real = images(4, seed=1), images(7, seed=2, levels=128)
    metric = measure("kd-lite0", fake=fake, real=real)
    assert metric.compute() == metric.compute()
    equal_numbers = value_of("kd-lite0", fake=fake, real=real[:4])
    assert metric.compute()["kd-lite0"] == pytest.approx(equal_numbers, rel=0.5)


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the squared Fréchet distance of the Gaussians of features (N, D), by hand.

    The trace of the square root of a product A B of covariances is the sum of the square roots of
    the eigenvalues of the symmetric matrix A^½ B A^½.
    """
    a, b = (np.cov(features, rowvar=False) for features in (first, second))
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    trace_of_root = np.sqrt(np.linalg.eigvalsh(root @ b @ root).clip(0)).sum()
    means = np.square(first.mean(0) - second.mean(0)).sum()
    return float(means + np.trace(a) + np.trace(b) - 2 * trace_of_root)


def test_the_frechet_distance_equals_an_implementation_in_numpy() -> None:
    fake, real = images(8, seed=1), images(9, seed=2, levels=128)
    expected = frechet_distance(features(fake), features(real))
    assert value_of("fd-lite0", fake=fake, real=real) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["kd-lite0", "fd-lite0"])
def test_a_distance_of_one_image_is_undefined(name: str) -> None:
    assert np.isnan(value_of(name, fake=images(1, seed=1), real=images(3, seed=2)))


@pytest.mark.parametrize("name", ["kd-lite0", "fd-lite0"])
def test_the_protocol_names_the_network_and_its_weights(name: str) -> None:
    protocol = create("metric", name).protocol()
    assert protocol["network"].startswith("EfficientNet-Lite0")
    digest = hashlib.sha256(efficientnet_lite0_weights().read_bytes()).hexdigest()
    assert protocol["weights sha256"] == digest


def test_features_are_those_of_the_last_block_averaged_over_pixels() -> None:
    image = torch.full((1, 3, 224, 224), 51.0)
    image[..., :100] = 204.0
    network = torch.nn.Sequential(*efficientnet_lite0()).eval()
    with torch.no_grad():
        expected = network(image / 127.5 - 1).mean((2, 3))
    torch.testing.assert_close(lite0()(image, Domain("")), expected)


def test_gray_images_and_other_ranges_have_the_features_of_the_same_image_in_colour() -> None:
    gray = images(1, seed=4)[:, :1]
    expected = lite0()(gray.expand(-1, 3, -1, -1), Domain(""))
    torch.testing.assert_close(lite0()(gray, GRAY), expected)
    wide = Domain("ct", channels=1, range=(-1000.0, 1000.0))
    torch.testing.assert_close(lite0()(gray / 255 * 2000 - 1000, wide), expected, atol=1e-4, rtol=0)


def test_features_of_an_image_are_computed_once(monkeypatch) -> None:
    network, batch_sizes = lite0(), []
    compute = network._compute

    def count_images(batch, domain):
        batch_sizes.append(len(batch))
        return compute(batch, domain)

    monkeypatch.setattr(network, "_compute", count_images)
    batch = images(3, seed=11)
    first = network(batch, Domain(""))
    assert torch.equal(network(batch.flip(0), Domain("")), first.flip(0))
    assert network(torch.cat([batch[:1], batch[:1]]), Domain("")).shape == (2, 320)
    assert sum(batch_sizes) == 3


def test_images_with_five_bands_are_refused() -> None:
    with pytest.raises(ConfigError, match="5 channels: expected 1 or 3"):
        lite0()(torch.zeros(1, 5, 16, 16), Domain(""))
