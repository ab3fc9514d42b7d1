"""Minibatch discrimination: an image is judged beside the others, so that copies show."""

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.features import features_of
from translate.nn.geometry import geometry_of
from translate.nn.modes import mode
from translate.nn.precision import at_least_float32
from translate.registry import Part, create_discriminator


class MinibatchDiscriminator(nn.Module):
    """Minibatch discrimination, which compares images of a batch: against mode collapse.

    Salimans et al. (2016), section 3.2: of the last features of the network `of`, a projection to
    (kernels, dims) is compared with that of each other image; for each kernel, the sum of
    ``exp(-L1 distance)`` joins the features. Images (N, in_channels, *size) to logits (N, 1). An
    image that is alone has nobody like it: 0. The layers of the network behind its features rest.
    """

    mixes_images = True

    def __init__(
        self,
        in_channels: int,
        *,
        of: Annotated[Part, "discriminator to wrap; must have features"] = "patch",
        kernels: Annotated[int, "number of kernels"] = 16,
        dims: Annotated[int, "dimension of each kernel"] = 8,
        size: Annotated[tuple[int, int], "height and width of a training crop"] = (256, 256),
    ) -> None:
        super().__init__()
        if kernels < 1 or dims < 1:
            raise ConfigError(f"kernels, dims: at least 1, not {kernels} and {dims}.")
        self.network = create_discriminator(of, in_channels=in_channels, size=size)
        count = self._rest(torch.zeros(2, in_channels, *size))
        self.kernels = kernels
        self.project = nn.Linear(count, kernels * dims, bias=False)
        self.judge = nn.Linear(count + kernels, 1)
        self.geometry = replace(geometry_of(self.network), scale=0)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.features(x)[-1].flatten(1)
        return self.judge(torch.cat([seen, self.similarity(seen).to(seen)], dim=1))

    def features(self, x: Tensor) -> list[Tensor]:
        """Return those of the network."""
        return features_of(self.network)(x)

    def similarity(self, seen: Tensor) -> Tensor:
        """Return how much like others each row of `seen` (N, A) is: (N, kernels), 0 to N - 1."""
        rows = at_least_float32(self.project(seen)).unflatten(1, (self.kernels, -1))
        distances = (rows[:, None] - rows[None]).abs().sum(dim=3)
        return torch.exp(-distances).sum(dim=1) - 1  # without itself

    def _rest(self, x: Tensor) -> int:
        """Freeze what the features do not need; return how many numbers the last of them has."""
        with mode(self.network, training=False):
            last = self.features(x)[-1]
        weights = [weight for weight in self.network.parameters() if weight.requires_grad]
        used = torch.autograd.grad(last.sum(), weights, allow_unused=True)
        for weight, gradient in zip(weights, used, strict=True):
            weight.requires_grad_(gradient is not None)
        return last[0].numel()
