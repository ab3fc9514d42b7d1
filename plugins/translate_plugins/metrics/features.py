"""Features of images by pretrained networks, shared by the metrics of distributions."""

import hashlib
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.batches import Domain
from translate.errors import ConfigError
from translate.nn.pretrained import efficientnet_lite0, efficientnet_lite0_weights

CHUNK = 32
"""images that go through the network together"""
CACHED = 20_000
"""images with features that are kept"""


class FeatureNetwork:
    """A frozen pretrained network, loaded at first use, that gives each image a feature vector.

    Features are kept by the content of the image, so that real images are computed once, whatever
    they are compared with.
    """

    def __init__(
        self, name: str, load: Callable[[], nn.Module], weights: Callable[[], Path], side: int
    ) -> None:
        """Describe the network; nothing is loaded.

        Args:
            name: What the protocol says: network, training data and layer.
            load: Returns the network, from images (N, 3, side, side) in [-1, 1] to (N, D).
            weights: Returns the file of the weights, for the protocol.
            side: The size to which images are resized, in pixels.
        """
        self.name, self.side = name, side
        self._load, self._weights = load, weights
        self._known: dict[bytes, Tensor] = {}

    def __call__(self, images: Tensor, domain: Domain) -> Tensor:
        """Return the features (N, D) of images (N, 1 or 3, H, W), float32 on the CPU.

        Args:
            images: In the numbers of `domain`; its range becomes [-1, 1].
            domain: The domain of the images.
        """
        if images.shape[1] not in (1, 3):
            raise ConfigError(
                f"features of images with {images.shape[1]} channels: expected 1 or 3, as "
                f"{self.name} takes. Choose metrics without a feature network: --metric mae"
            )
        keys = [_digest(image, domain) for image in images]
        todo = {key: place for place, key in enumerate(keys) if key not in self._known}
        for places in torch.tensor(list(todo.values()), dtype=torch.long).split(CHUNK):
            found = self._compute(images[places.to(images.device)], domain).cpu()
            self._known |= zip([keys[place] for place in places], found, strict=True)
        features = [self._known[key] for key in keys]
        while len(self._known) > CACHED:
            del self._known[next(iter(self._known))]
        return torch.stack(features)

    def protocol(self) -> dict[str, str]:
        """Return what determines the features, for `Metric.protocol`."""
        return {
            "network": self.name,
            "weights sha256": _sha256(self._weights()),
            "resize": f"{self.side}x{self.side}, bilinear, antialiased",
        }

    @cached_property
    def _network(self) -> nn.Module:
        return self._load().eval().requires_grad_(False)

    @torch.no_grad()
    def _compute(self, images: Tensor, domain: Domain) -> Tensor:
        low, high = domain.range
        scaled = (images.float() - low) * (2 / (high - low)) - 1
        size = (self.side, self.side)
        resized = F.interpolate(scaled, size, mode="bilinear", antialias=True).expand(-1, 3, -1, -1)
        return self._network.to(images.device)(resized).float()


@cache
def lite0() -> FeatureNetwork:
    """Return EfficientNet-Lite0, of which an installation has the weights: 320 features."""
    return FeatureNetwork(
        "EfficientNet-Lite0 (ImageNet), last block, averaged over pixels",
        lambda: nn.Sequential(*efficientnet_lite0(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        efficientnet_lite0_weights,
        224,
    )


def _digest(image: Tensor, domain: Domain) -> bytes:
    digest = hashlib.sha256(f"{image.dtype} {tuple(image.shape)} {domain.range}".encode())
    digest.update(image.detach().cpu().contiguous().numpy().data)
    return digest.digest()


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
