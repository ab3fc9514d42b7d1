"""A discriminator that preprocesses its input images, by noise or augmentation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from translate.losses import Scores
from translate.nn.geometry import geometry_of


class PreprocessedDiscriminator(nn.Module):
    """Apply `preprocess`, from images to images (N, C, H, W), before a discriminator."""

    def __init__(self, preprocess: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.preprocess, self.network = preprocess, network
        self.geometry = replace(geometry_of(network), scale=0)

    def forward(self, x: Tensor) -> Scores:
        return self.network(self.preprocess(x))

    @property
    def features(self) -> Callable[[Tensor], list[Tensor]]:
        """The network's features of preprocessed images; AttributeError if it has no features."""
        network_features: Any = self.network.features
        return lambda x: network_features(self.preprocess(x))
