"""A discriminator whose images are preprocessed: noise or augmentation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from translate.losses import Scores
from translate.nn.geometry import geometry_of


class PreprocessedDiscriminator(nn.Module):
    """Apply `change`, from images to images (N, C, H, W), before a discriminator."""

    def __init__(self, change: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.change, self.network = change, network
        self.geometry = replace(geometry_of(network), scale=0)

    def forward(self, x: Tensor) -> Scores:
        return self.network(self.change(x))

    @property
    def features(self) -> Callable[[Tensor], list[Tensor]]:
        """The features of the network for preprocessed images; missing if it has none."""
        inner: Any = self.network.features
        return lambda x: inner(self.change(x))
