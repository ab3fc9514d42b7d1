"""A discriminator that sees its images changed, which two of the remedies are made of."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from translate.losses import Scores
from translate.nn.geometry import geometry_of


class Before(nn.Module):
    """A `network` that sees what `change` makes of its images: (N, C, H, W), as before."""

    def __init__(self, change: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.change, self.network = change, network
        self.geometry = replace(geometry_of(network), scale=0)

    def forward(self, x: Tensor) -> Scores:
        return self.network(self.change(x))

    @property
    def features(self) -> Callable[[Tensor], list[Tensor]]:
        """The features of the network, of images changed likewise; missing where it has none."""
        inner: Any = self.network.features
        return lambda x: inner(self.change(x))
