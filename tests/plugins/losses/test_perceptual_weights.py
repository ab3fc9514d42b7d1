"""The pretrained networks of the perceptual loss: their layers and files of weights."""

import hashlib
import io
import urllib.request
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VGG19_Weights

from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create_loss
from translate_plugins.losses import perceptual
from translate_plugins.losses.perceptual import Perceptual

# VGG19, Simonyan and Zisserman (2015), table 1, column E: channels, and M for max pooling
COLUMN_E = "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M"


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def offline_without_weights(tmp_path, monkeypatch) -> None:
    """Use an empty cache of weights without network access."""

    def refuse(*_a: object, **_k: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "urlopen", refuse)


@pytest.fixture
def vgg19(monkeypatch) -> nn.Sequential:
    """Replace torchvision's weights of VGG19 by random weights; return layers with the same."""
    layers: list[nn.Module] = []
    channels = 3
    with temporary_seed(0):
        for word in COLUMN_E.split():
            if word == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, int(word), 3, padding=1), nn.ReLU()]
                channels = int(word)
    network = nn.Sequential(*layers)
    state = {f"features.{name}": tensor for name, tensor in network.state_dict().items()}
    monkeypatch.setattr(VGG19_Weights, "get_state_dict", lambda _self, **_: state)
    return network


def test_loading_draws_no_random_numbers():
    state = torch.get_rng_state()
    Perceptual()(noise(1, 3, 32, 32), noise(1, 3, 32, 32))
    assert torch.equal(torch.get_rng_state(), state)


def test_vgg19_uses_conv3_3_before_its_relu_and_does_not_normalise_pixels(vgg19):
    output, target = noise(1, 3, 32, 32, seed=1), noise(1, 3, 32, 32, seed=2)
    one, other = vgg19[:15](output), vgg19[:15](target)
    assert isinstance(vgg19[14], nn.Conv2d) and one.shape == (1, 256, 8, 8) and one.min() < 0
    result = create_loss({"name": "perceptual", "network": "vgg19"})(output, target)
    torch.testing.assert_close(result, (one - other).square().mean())


def test_the_perceptual_loss_of_pix2pixhd_is_a_weighted_sum_over_five_relus_of_vgg19(vgg19):
    output, target = noise(1, 3, 32, 32, seed=1), noise(1, 3, 32, 32, seed=2)
    layers, weights = [1, 6, 11, 20, 29], [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0]
    expected = torch.zeros(())
    for layer, weight in zip(layers, weights, strict=True):
        assert isinstance(vgg19[layer], nn.ReLU)
        one, other = vgg19[: layer + 1](output), vgg19[: layer + 1](target)
        expected = expected + weight * (one - other).abs().mean()
    loss = Perceptual(network="vgg19", layers=layers, weights=weights, criterion="l1")
    torch.testing.assert_close(loss(output, target), expected)


@pytest.mark.usefixtures("vgg19")
def test_a_relu_does_not_change_features_before_it():
    output, target = noise(1, 3, 16, 16, seed=1), noise(1, 3, 16, 16, seed=2)
    both = Perceptual(network="vgg19", layers=[0, 1])(output, target)
    conv, relu = (Perceptual(network="vgg19", layers=[i])(output, target) for i in (0, 1))
    torch.testing.assert_close(both, conv + relu)
    assert conv > relu


@pytest.mark.usefixtures("vgg19")
def test_vgg19_refuses_images_that_are_too_small_for_its_max_pooling():
    loss = create_loss({"name": "perceptual", "network": "vgg19"})
    assert loss(noise(1, 3, 4, 9), noise(1, 3, 4, 9, seed=1)) > 0
    with pytest.raises(
        ConfigError, match=r"layer 14 .* images of 3x9: set data\.size to 4 or more"
    ):
        loss(noise(1, 3, 3, 9), noise(1, 3, 3, 9))


@pytest.mark.usefixtures("offline_without_weights")
def test_missing_weights_are_an_error_with_their_address():
    loss = Perceptual(network="vgg19")
    with pytest.raises(ConfigError) as error:
        loss(noise(1, 3, 16, 16), noise(1, 3, 16, 16))
    message = str(error.value)
    assert "\n" not in message
    assert "network: vgg19 cannot be loaded (no route to host)" in message
    assert "vgg19-dcbb9e9d.pth" in message
    assert "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth" in message
    assert "translate weights add vgg19-dcbb9e9d.pth" in message
    assert "or choose efficientnet-lite0" in message


@pytest.mark.usefixtures("offline_without_weights")
@pytest.mark.parametrize("size", [0, 200, None], ids=["empty", "truncated", "other"])
def test_a_file_with_another_hash_is_refused(tmp_path, size):
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    buffer = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(1)}, buffer)
    content = buffer.getvalue()[:size]
    (folder / "vgg19-dcbb9e9d.pth").write_bytes(content)
    prefix = hashlib.sha256(content).hexdigest()[:8]
    with pytest.raises(ConfigError, match=rf"dcbb9e9d\.pth is incomplete .* begins with {prefix}"):
        Perceptual(network="vgg19")(noise(1, 3, 16, 16), noise(1, 3, 16, 16))


@pytest.mark.usefixtures("vgg19")
def test_a_file_with_the_published_hash_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    hash_of_empty_file = "e3b0c442"
    monkeypatch.setattr(perceptual, "VGG19", replace(perceptual.VGG19, sha256=hash_of_empty_file))
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    (folder / "vgg19-dcbb9e9d.pth").touch()
    image = noise(1, 3, 16, 16)
    assert Perceptual(network="vgg19")(image, -image) > 0
