"""FD-DINOv2 with random weights equals a Fréchet distance in features that are computed by hand."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
import torch.nn.functional as F
from metric_values import cache_weights, random_images
from pretrained_files import saved_bytes
from torch import Tensor

from translate import errors
from translate.batches import Domain
from translate.errors import ConfigError, MissingPackageError
from translate.registry import create
from translate_plugins.metrics import dinov2
from translate_plugins.metrics.dinov2 import ARCHITECTURES, Architecture, Size

Weights = dict[str, Tensor]
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def published_shapes(width: int, depth: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor in Meta's files, by its name."""
    linear = {"attn.qkv": (3, 1), "attn.proj": (1, 1), "mlp.fc1": (4, 1), "mlp.fc2": (1, 4)}
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 1 + 37 * 37, width),
        "mask_token": (1, width),
        "patch_embed.proj.weight": (width, 3, 14, 14),
        "patch_embed.proj.bias": (width,),
    }
    for block in (f"blocks.{number}" for number in range(depth)):
        for name, (rows, columns) in linear.items():
            shapes[f"{block}.{name}.weight"] = (rows * width, columns * width)
            shapes[f"{block}.{name}.bias"] = (rows * width,)
        for norm in ("norm1", "norm2"):
            shapes |= {f"{block}.{norm}.weight": (width,), f"{block}.{norm}.bias": (width,)}
        shapes |= {f"{block}.ls1.gamma": (width,), f"{block}.ls2.gamma": (width,)}
    return shapes | {"norm.weight": (width,), "norm.bias": (width,)}


def features_by_hand(weights: Weights, levels: Tensor, heads: int) -> Tensor:
    """Return the class token (N, width) of (N, 3, H, W) levels, by the equations of the paper."""
    small = [
        PIL.Image.fromarray(image.permute(1, 2, 0).byte().numpy()).resize(
            (224, 224), PIL.Image.Resampling.BICUBIC
        )
        for image in levels
    ]
    unit = torch.from_numpy(np.stack([np.asarray(image) for image in small])).double() / 255
    pixels = ((unit - torch.tensor(MEAN)) / torch.tensor(DEVIATION)).permute(0, 3, 1, 2)
    w = {name: tensor.double() for name, tensor in weights.items()}
    tokens = F.conv2d(pixels, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], 14)
    width = tokens.shape[1]
    grid = w["pos_embed"][:, 1:].reshape(1, 37, 37, width).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, scale_factor=(16.1 / 37, 16.1 / 37), mode="bicubic")
    x = (tokens + grid).flatten(2).transpose(1, 2)
    first = (w["cls_token"] + w["pos_embed"][:, :1]).expand(len(x), -1, -1)
    x = torch.cat([first, x], 1)

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        deviation = (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return centred / deviation * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    for block in dict.fromkeys(".".join(name.split(".")[:2]) for name in w if "blocks" in name):
        joint = linear(norm(x, f"{block}.norm1"), f"{block}.attn.qkv")
        q, k, v = joint.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
        attention = (q @ k.transpose(-1, -2) / (width // heads) ** 0.5).softmax(-1) @ v
        attention = linear(attention.transpose(1, 2).flatten(2), f"{block}.attn.proj")
        x = x + attention * w[f"{block}.ls1.gamma"]
        hidden = linear(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1")
        hidden = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2
        x = x + linear(hidden, f"{block}.mlp.fc2") * w[f"{block}.ls2.gamma"]
    return norm(x, "norm")[:, 0]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Random weights of a network with two blocks, in the cache as the file of ViT-S/14."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    dinov2.dinov2.cache_clear()
    generator = torch.Generator().manual_seed(0)
    shapes = published_shapes(24, 2)
    weights = {
        name: torch.randn(shape, generator=generator) / max(1, shape[-1]) ** 0.5
        for name, shape in shapes.items()
    }
    file = cache_weights(ARCHITECTURES["vit-s-14"].file, saved_bytes(weights))
    monkeypatch.setitem(ARCHITECTURES, "vit-s-14", Architecture(file, 24, 2, 3))
    return weights


def images(count: int, *, seed: int, levels: int = 256) -> Tensor:
    return random_images(count, 40, 60, seed=seed, levels=levels)


def test_the_distance_is_that_of_features_by_hand(weights: Weights) -> None:
    metric = create("metric", {"name": "fd-dinov2", "network": "vit-s-14"})
    fake, real = images(6, seed=1), images(5, seed=2, levels=128)
    metric.update({"fake": fake, "real": real})
    features = [features_by_hand(weights, each, heads=3).numpy() for each in (fake, real)]
    np.testing.assert_allclose(metric.rows("fake", "features"), features[0], rtol=1e-3, atol=1e-4)
    means = [each.mean(0) for each in features]
    covariances = [np.cov(each, rowvar=False) for each in features]
    root = np.sqrt(np.linalg.eigvals(covariances[0] @ covariances[1]).astype(complex)).real.sum()
    traces = sum(np.trace(covariance) for covariance in covariances)
    expected = np.square(means[0] - means[1]).sum() + traces - 2 * root
    assert metric.compute()["fd-dinov2"] == pytest.approx(expected, rel=1e-3)
    assert metric.protocol()["weights sha256"] == ARCHITECTURES["vit-s-14"].file.sha256


@pytest.mark.parametrize("size", ARCHITECTURES)
def test_networks_have_the_tensors_of_the_published_files(size: Size) -> None:
    architecture = ARCHITECTURES[size]
    published = published_shapes(architecture.width, architecture.depth)
    assert len(published) == {"vit-l-14": 343, "vit-s-14": 175}[size]
    network = dinov2._create(architecture, 518)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes == {name: shape for name, shape in published.items() if name != "mask_token"}
    count = sum(np.prod(shape) for shape in published.values())
    assert count * 4 / 2**20 == pytest.approx(architecture.file.megabytes, rel=2e-3)


@pytest.mark.parametrize("size", ARCHITECTURES)
def test_missing_weights_are_named_with_what_to_do(
    size: Size, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    dinov2.dinov2.cache_clear()
    metric = create("metric", {"name": "fd-dinov2", "network": size})
    (file,) = metric.pretrained
    with pytest.raises(
        ConfigError,
        match=rf"{file.name} is missing .*{file.url} \({file.megabytes} MB, Apache-2.0\), then: "
        f"translate weights add {file.name}",
    ):
        metric.update({"fake": images(2, seed=1)})


def test_a_missing_timm_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == "timm" else name)
    with pytest.raises(MissingPackageError, match=r'pip install "translate-kit\[metrics'):
        create("metric", "fd-dinov2")


def test_gray_images_in_another_range_have_the_same_features(weights: Weights) -> None:  # noqa: ARG001
    gray = images(2, seed=1)[:, :1]
    scans = Domain("", channels=1, range=(-1000.0, 3000.0))
    features = dinov2.dinov2("vit-s-14")
    expected = features(gray.expand(-1, 3, -1, -1), Domain(""))
    actual = features(gray / 255 * 4000 - 1000, scans)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)
