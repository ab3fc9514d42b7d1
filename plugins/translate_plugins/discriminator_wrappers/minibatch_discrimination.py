"""Minibatch discrimination: compare the images of a batch to detect mode collapse."""

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import at_least_float32
from translate.nn.features import features_of
from translate.nn.geometry import geometry_of
from translate.nn.modes import mode
from translate.registry import DiscriminatorConfig, create_discriminator
from translate.remedies import remedy_for


@remedy_for("mode collapse")
class MinibatchDiscriminator(nn.Module):
    """Minibatch discrimination, which compares images of a batch: against mode collapse.

    Salimans et al. (2016), section 3.2: the last features of the network `of` are projected to
    (kernels, dims); for each kernel, the sum of ``exp(-L1 distance)`` over all other images of the
    batch is appended to the features, 0 in a batch of one image. Images (N, in_channels, *size) to
    logits (N, 1). Layers of the network after its last features are not used.
    """

    batch_dependent = True

    def __init__(
        self,
        in_channels: int,
        *,
        of: Annotated[
            DiscriminatorConfig, "the discriminator to wrap; must return features"
        ] = "patch",
        kernels: Annotated[int, "number of kernels"] = 16,
        dims: Annotated[int, "dimension of each kernel"] = 8,
        size: Annotated[tuple[int, int], "height and width of a training crop"] = (256, 256),
    ) -> None:
        super().__init__()
        if kernels < 1 or dims < 1:
            raise ConfigError(
                f"kernels, dims: expected at least 1 of each, got {kernels} and {dims}."
            )
        self.network = create_discriminator(of, in_channels=in_channels, size=size)
        feature_dim = self._freeze_unused_layers(torch.zeros(2, in_channels, *size))
        self.kernels = kernels
        self.project = nn.Linear(feature_dim, kernels * dims, bias=False)
        self.score = nn.Linear(feature_dim + kernels, 1)
        self.geometry = replace(geometry_of(self.network), scale=0)

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(x)[-1].flatten(1)
        return self.score(torch.cat([features, self.similarity(features).to(features)], dim=1))

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the features of the wrapped network."""
        return features_of(self.network)(x)

    def similarity(self, features: Tensor) -> Tensor:
        """Return each image's similarity to the other images, (N, kernels), from 0 to N - 1."""
        projected = at_least_float32(self.project(features)).unflatten(1, (self.kernels, -1))
        distances = (projected[:, None] - projected[None]).abs().sum(dim=3)
        return torch.exp(-distances).sum(dim=1) - 1  # minus the similarity to itself

    def _freeze_unused_layers(self, x: Tensor) -> int:
        """Freeze layers after the last features; return the number of entries of those features."""
        with mode(self.network, training=False):
            last_features = self.features(x)[-1]
        weights = [weight for weight in self.network.parameters() if weight.requires_grad]
        gradients = torch.autograd.grad(last_features.sum(), weights, allow_unused=True)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.requires_grad_(gradient is not None)
        return last_features[0].numel()
