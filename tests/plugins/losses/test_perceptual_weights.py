"""The pretrained networks of the perceptual loss: their layers and files of weights."""

import hashlib
import io
import subprocess
import sys
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

# VGG19 as Simonyan and Zisserman (2015), table 1, column E: channels, and M for a pool
COLUMN_E = "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M"


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def nowhere(tmp_path, monkeypatch) -> None:
    """Use an empty cache without network access."""

    def refuse(*_a: object, **_k: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "urlopen", refuse)


@pytest.fixture
def vgg19(monkeypatch) -> nn.Sequential:
    """Create random weights for torchvision; return the layers, built here."""
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


@pytest.mark.slow
def test_importing_and_creating_the_loss_load_no_torchvision():
    code = (
        "import sys; from translate_plugins.losses.perceptual import Perceptual as P;"
        "P(network='vgg19'); P();"
        "print(*{'torchvision', 'efficientnet_lite_pytorch'} & {*sys.modules})"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == ""


def test_vgg19_uses_conv3_3_before_its_relu_and_pixels_as_they_are(vgg19):
    output, target = noise(1, 3, 32, 32, seed=1), noise(1, 3, 32, 32, seed=2)
    one, other = vgg19[:15](output), vgg19[:15](target)
    assert isinstance(vgg19[14], nn.Conv2d) and one.shape == (1, 256, 8, 8) and one.min() < 0
    result = create_loss({"name": "perceptual", "network": "vgg19"})(output, target)
    torch.testing.assert_close(result, (one - other).square().mean())


def test_vgg19_as_pix2pixhd_has_it_is_a_sum_over_five_relus(vgg19):
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
    each = [Perceptual(network="vgg19", layers=[layer])(output, target) for layer in (0, 1)]
    torch.testing.assert_close(both, sum(each))
    assert each[0] > each[1]


@pytest.mark.usefixtures("vgg19")
def test_vgg19_refuses_images_too_small_for_its_pooling():
    loss = create_loss({"name": "perceptual", "network": "vgg19"})
    assert loss(noise(1, 3, 4, 9), noise(1, 3, 4, 9, seed=1)) > 0
    with pytest.raises(
        ConfigError, match=r"layer 14 .* images of 3x9: set data\.size to 4 or more"
    ):
        loss(noise(1, 3, 3, 9), noise(1, 3, 3, 9))


@pytest.mark.usefixtures("nowhere")
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


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("kind", ["empty", "torn", "another"])
def test_a_file_with_another_hash_is_refused(tmp_path, kind):
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    buffer = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(1)}, buffer)
    content = {"empty": b"", "torn": buffer.getvalue()[:200], "another": buffer.getvalue()}[kind]
    (folder / "vgg19-dcbb9e9d.pth").write_bytes(content)
    prefix = hashlib.sha256(content).hexdigest()[:8]
    with pytest.raises(ConfigError, match=rf"dcbb9e9d\.pth is incomplete .* begins with {prefix}"):
        Perceptual(network="vgg19")(noise(1, 3, 16, 16), noise(1, 3, 16, 16))


@pytest.mark.usefixtures("vgg19")
def test_a_file_of_the_published_hash_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(perceptual, "VGG19", replace(perceptual.VGG19, sha256="e3b0c442"))
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    (folder / "vgg19-dcbb9e9d.pth").write_bytes(b"")  # the hash is that of an empty file
    image = noise(1, 3, 16, 16)
    assert Perceptual(network="vgg19")(image, -image) > 0
