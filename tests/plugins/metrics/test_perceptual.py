"""LPIPS and DISTS with random weights in the cache equal those of torchmetrics."""

import math
from pathlib import Path

import pytest
import torch
from metric_values import cache_weights, measure, random_images, value_of
from pretrained_files import saved_bytes
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.registry import create
from translate.weights import PretrainedFile
from translate_plugins.metrics import perceptual

LPIPS = {"name": "lpips", "network": "squeeze"}


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for load in (perceptual._lpips, perceptual._dists):
        load.cache_clear()


def cache_network(file: PretrainedFile, network: nn.Module) -> PretrainedFile:
    """Write the weights of `network` into the cache, and return the file with their hash.

    Linear layers, which no feature needs, are one repeated number: the file is small.
    """
    state = {
        name: tensor[:1, :1].clone().expand_as(tensor) if tensor.ndim == 2 else tensor
        for name, tensor in network.state_dict().items()
    }
    return cache_weights(file, saved_bytes(state))


@pytest.fixture
def squeezenet(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import squeezenet1_1

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        file = cache_network(perceptual.SQUEEZENET, squeezenet1_1())
    monkeypatch.setitem(perceptual.NETWORKS, "squeeze", file)


def images(*, seed: int, side: int = 48) -> Tensor:
    return random_images(2, side, side, seed=seed)


@pytest.mark.usefixtures("squeezenet")
def test_lpips_is_that_of_torchmetrics_for_each_image() -> None:
    from torchmetrics.functional.image import learned_perceptual_image_patch_similarity

    fake, target = images(seed=1), images(seed=2)
    distances = measure(LPIPS, fake=fake, target=target).per_image()["lpips"]
    for number in range(2):
        pair = (image[number : number + 1] / 255 for image in (fake, target))
        expected = learned_perceptual_image_patch_similarity(
            *pair, net_type="squeeze", normalize=True
        )
        assert float(distances[number]) == pytest.approx(float(expected), rel=1e-4)
    assert value_of(LPIPS, fake=fake, target=fake) == 0


@pytest.mark.usefixtures("squeezenet")
def test_lpips_with_a_mask_counts_differences_inside_it() -> None:
    target = images(seed=1)
    fake = target.clone()
    fake[..., 24:] = images(seed=2)[..., 24:]
    mask = torch.zeros(2, 1, 48, 48, dtype=torch.bool)
    mask[..., 30:] = True
    pair = {"fake": fake, "target": target}
    assert value_of(LPIPS, **pair, mask=mask) > 2 * value_of(LPIPS, **pair, mask=~mask)
    all_pixels = value_of(LPIPS, **pair, mask=torch.ones_like(mask))
    assert all_pixels == pytest.approx(value_of(LPIPS, **pair), rel=0.05)


@pytest.mark.slow
def test_dists_is_that_of_torchmetrics_for_each_image(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchmetrics.functional.image.dists import deep_image_structure_and_texture_similarity
    from torchvision.models import vgg16

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        with torch.device("meta"):
            network = vgg16(init_weights=False)
        network.features.to_empty(device="cpu").apply(reset_convolution)
        network.classifier.to_empty(device="cpu")
    monkeypatch.setattr(perceptual, "VGG16", cache_network(perceptual.VGG16, network))
    fake, target = images(seed=1), images(seed=2)
    state = torch.get_rng_state()
    metric = measure("dists", fake=fake, target=target)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.random.fork_rng(devices=[]):
        expected = deep_image_structure_and_texture_similarity(fake / 255, target / 255)
    torch.testing.assert_close(metric.per_image()["dists"].float(), expected.detach())
    assert value_of("dists", fake=fake[:1], target=fake[:1]) == pytest.approx(0, abs=1e-5)


def reset_convolution(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d):
        layer.reset_parameters()


@pytest.mark.parametrize(
    ("name", "file", "size"),
    [("lpips", "alexnet-owt-7be5be79.pth", 233), ("dists", "vgg16-397923af.pth", 528)],
)
def test_missing_weights_are_named_with_what_to_do(name: str, file: str, size: int) -> None:
    pair = {"fake": images(seed=1), "target": images(seed=2)}
    metric = create("metric", name)
    assert [each.name for each in metric.pretrained] == [file]
    with pytest.raises(ConfigError, match=rf"{file} is missing .* \({size} MB, .* add {file}"):
        metric.update(pair)


@pytest.mark.parametrize("name", ["lpips", "dists"])
def test_distances_of_images_below_32_pixels_are_undefined(name: str) -> None:
    small = images(seed=1, side=31)
    assert math.isnan(value_of(name, fake=small, target=small))
