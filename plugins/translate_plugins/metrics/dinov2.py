"""FD-DINOv2: the Fréchet distance in features of DINOv2, from a local file of its weights."""

from functools import cache, partial
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.batches import UNNAMED, Domain
from translate.errors import require_package
from translate.images.resize import resize_pixels
from translate.images.tensors import from_device, to_device
from translate.metrics import MetricValue
from translate.nn.pretrained import SIDE, ImageNetStandardization
from translate.weights import PretrainedFile
from translate_plugins.metrics.distances import FrechetDistance
from translate_plugins.metrics.features import FeatureNetwork

PATCH_SIDE = 14
"""side in pixels of a patch, which becomes one token"""
TRAINED_GRID, GRID = 37, SIDE // PATCH_SIDE
"""patches per side: of the file's position embedding (518 pixels), and of images here (224)"""
GRID_OFFSET = 0.1
"""patches that the authors' code adds to the grid before it computes the scale"""
LAYER_SCALE = 1e-5
"""initial value of layer scale: any number enables it, and the file has its weights"""

Size: TypeAlias = Literal["vit-l-14", "vit-s-14"]


class Architecture(NamedTuple):
    """A vision transformer of DINOv2 and its published weights."""

    file: PretrainedFile
    width: int
    """length of a token, and number of features"""
    depth: int
    """number of blocks"""
    heads: int
    """number of attention heads of a block"""


def _file(size: str, letter: str, sha256: str, megabytes: int) -> PretrainedFile:
    name = f"dinov2_vit{letter}14_pretrain.pth"
    return PretrainedFile(
        name=name,
        network=f"DINOv2 ViT-{size}/14 (Oquab et al., 2023), Meta's, trained on LVD-142M",
        url=f"https://dl.fbaipublicfiles.com/dinov2/dinov2_vit{letter}14/{name}",
        sha256=sha256,
        megabytes=megabytes,
        licence="Apache-2.0",
    )


LARGE = _file("L", "l", "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428", 1161)
SMALL = _file("S", "s", "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9", 84)
ARCHITECTURES: dict[Size, Architecture] = {
    "vit-l-14": Architecture(LARGE, width=1024, depth=24, heads=16),
    "vit-s-14": Architecture(SMALL, width=384, depth=12, heads=6),
}


class FrechetDinoDistance(FrechetDistance):
    """Unpaired: FD-DINOv2, Fréchet distance in features of DINOv2, by timm and torch-fidelity.

    Stein et al. (2023), section 3: FD-DINOv2 agrees better than FID with how realistic people find
    images. Images are resized and position embeddings interpolated as in the authors' code. Biased
    for few images: papers use 50,000. Values of different networks are not comparable.
    """

    values = {"fd-dinov2": MetricValue("min")}
    pretrained: tuple[PretrainedFile, ...] = (LARGE, SMALL)

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        network: Annotated[Size, "ViT-L/14 (the paper's) or the faster ViT-S/14"] = "vit-l-14",
    ) -> None:
        require_package("timm", "metrics")
        super().__init__(domain=domain)
        self.pretrained = (ARCHITECTURES[network].file,)
        self.network = partial(dinov2, network)


@cache
def dinov2(size: Size) -> FeatureNetwork:
    """Return DINOv2, with the normalized class token of the last block: 1,024 or 384 features."""
    return FeatureNetwork(
        f"DINOv2 {size} (LVD-142M), by timm, class token after the last norm",
        lambda: nn.Sequential(_Resize(), ImageNetStandardization(_load(ARCHITECTURES[size]))),
        lambda: ARCHITECTURES[size].file.path,
        resize=f"{SIDE}x{SIDE}, bicubic, antialiased, by Pillow",
    )


class _Resize(nn.Module):
    """Resize images in [-1, 1] as Pillow resizes their 8-bit levels."""

    def forward(self, images: Tensor) -> Tensor:
        resized = np.stack([resize_pixels(image, (SIDE, SIDE)) for image in from_device(images)])
        return to_device(torch.from_numpy(resized).permute(0, 3, 1, 2), images.device)


def _load(architecture: Architecture) -> nn.Module:
    """Return the network with its published weights."""
    state = architecture.file.load()
    del state["mask_token"]  # used only in training, for masked patches
    state["pos_embed"] = _interpolate_positions(state["pos_embed"])
    network = _create(architecture, SIDE)
    network.load_state_dict(state, assign=True)
    return network


def _create(architecture: Architecture, side: int) -> Any:
    """Return a network for images of `side` pixels, without memory for its weights."""
    from timm.models.vision_transformer import VisionTransformer

    with torch.device("meta"):  # no initialization, which would use random numbers
        return VisionTransformer(
            img_size=side,
            patch_size=PATCH_SIDE,
            embed_dim=architecture.width,
            depth=architecture.depth,
            num_heads=architecture.heads,
            init_values=LAYER_SCALE,
            num_classes=0,
        )


def _interpolate_positions(positions: Tensor) -> Tensor:
    """Return the position embedding (1, 1 + 16², width) of 224 pixels from that of 518.

    As in the authors' code: bicubic without antialiasing, at a scale of 16.1 / 37.
    """
    patches = positions[:, 1:].unflatten(1, (TRAINED_GRID, TRAINED_GRID)).permute(0, 3, 1, 2)
    scale = (GRID + GRID_OFFSET) / TRAINED_GRID
    patches = F.interpolate(patches, scale_factor=(scale, scale), mode="bicubic")
    return torch.cat([positions[:, :1], patches.flatten(2).transpose(1, 2)], 1)
