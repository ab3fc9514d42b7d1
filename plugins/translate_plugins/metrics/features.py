"""Features of images by pretrained networks, shared by the metrics of distributions."""

import hashlib
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from translate.batches import Domain
from translate.errors import ConfigError
from translate.nn.pretrained import (
    SIDE,
    Resize,
    efficientnet_lite0,
    efficientnet_lite0_features,
    efficientnet_lite0_head,
    efficientnet_lite0_weights,
)
from translate.weights import hash_file

BATCH_SIZE = 32
"""number of images of one forward pass"""
CACHE_SIZE = 20_000
"""number of images with cached features"""

_hash_file = cache(hash_file)


class FeatureNetwork:
    """A frozen pretrained network that returns the features of images; loaded at first use.

    Features are cached by the content of the image, so that features of real images are computed
    once for several metrics and sets of fake images.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], nn.Module],
        weights: Callable[[], Path],
        *,
        resize: str,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        """Describe the network; nothing is loaded.

        Args:
            name: The network, its training data and layer, for the protocol.
            load: Returns the network, from images (N, 3, H, W) in [-1, 1] to features (N, ...).
            weights: Returns the file of the weights, for the protocol.
            resize: How the network resizes images, for the protocol.
            cache_size: Number of images with cached features.
        """
        self.name, self.resize, self.cache_size = name, resize, cache_size
        self._load, self._weights = load, weights
        self._cache: dict[bytes, Tensor] = {}

    def __call__(self, images: Tensor, domain: Domain) -> Tensor:
        """Return the features (N, ...) of images (N, 1 or 3, H, W), float32 on the CPU.

        Args:
            images: In the range of `domain`, which is mapped to [-1, 1].
            domain: The domain of the images.
        """
        if images.shape[1] not in (1, 3):
            raise ConfigError(
                f"features of images with {images.shape[1]} channels: expected 1 or 3, as "
                f"{self.name} takes. Choose metrics without a feature network: --metric mae"
            )
        keys = [_digest(image, domain) for image in images]
        index_by_key = {key: index for index, key in enumerate(keys) if key not in self._cache}
        missing_indices = list(index_by_key.values())
        for start in range(0, len(missing_indices), BATCH_SIZE):
            batch = missing_indices[start : start + BATCH_SIZE]
            batch_features = self._compute(images[batch], domain).cpu()
            self._cache |= zip([keys[index] for index in batch], batch_features, strict=True)
        features = [self._cache[key] for key in keys]
        while len(self._cache) > self.cache_size:
            del self._cache[next(iter(self._cache))]
        return torch.stack(features)

    def protocol(self) -> dict[str, str]:
        """Return what determines the features, for `Metric.protocol`."""
        return {
            "network": self.name,
            "weights sha256": _hash_file(self._weights()),
            "resize": self.resize,
        }

    @cached_property
    def _network(self) -> nn.Module:
        with torch.random.fork_rng(devices=[]):  # some networks draw weights before they load them
            return self._load().eval().requires_grad_(False)

    @torch.no_grad()
    def _compute(self, images: Tensor, domain: Domain) -> Tensor:
        low, high = domain.range
        scaled = (images.float() - low) * (2 / (high - low)) - 1
        return self._network.to(images.device)(scaled.expand(-1, 3, -1, -1)).float()


@cache
def lite0() -> FeatureNetwork:
    """Return EfficientNet-Lite0 with 320 features; its weights are installed with the package."""
    return _lite0("last block, averaged over pixels", efficientnet_lite0_features)


@cache
def lite0_logits() -> FeatureNetwork:
    """Return EfficientNet-Lite0 with the logits of ImageNet's 1,000 classes as features."""
    return _lite0(
        "logits", lambda: nn.Sequential(Resize(), *efficientnet_lite0(), *efficientnet_lite0_head())
    )


@cache
def lite0_maps() -> FeatureNetwork:
    """Return EfficientNet-Lite0 with the output of block 11 as features, (112, 14, 14)."""
    return _lite0(
        "block 11, 14x14",
        lambda: nn.Sequential(Resize(), *efficientnet_lite0()[:12]),
        cache_size=1000,
    )


def _lite0(
    layer: str, load: Callable[[], nn.Module], cache_size: int = CACHE_SIZE
) -> FeatureNetwork:
    return FeatureNetwork(
        f"EfficientNet-Lite0 (ImageNet), {layer}",
        load,
        efficientnet_lite0_weights,
        resize=f"{SIDE}x{SIDE}, bilinear, antialiased",
        cache_size=cache_size,
    )


def _digest(image: Tensor, domain: Domain) -> bytes:
    digest = hashlib.sha256(f"{image.dtype} {tuple(image.shape)} {domain.range}".encode())
    digest.update(image.detach().cpu().contiguous().numpy().data)
    return digest.digest()
