"""Means and variances of feature maps, accumulated over regions, and normalization layers."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from translate.engine.traced.operators import Constant, Evaluate, Operator, name_of, shape_of
from translate.engine.traced.regions import Region


@dataclass
class Moments:
    """Number of values, and mean and sum of squared deviations of each channel, in float64.

    Regions are merged by the numerically stable formula of Chan, Golub and LeVeque (1979).
    """

    count: int = 0
    mean: Tensor = field(default_factory=lambda: torch.zeros(1, dtype=torch.float64))
    squared_deviations: Tensor = field(default_factory=lambda: torch.zeros(1, dtype=torch.float64))

    def add(self, pixels: Tensor) -> None:
        """Add a region, (1, C, H, W)."""
        rows = pixels.float().permute(0, 2, 3, 1).reshape(-1, pixels.shape[1])
        mean = rows.mean(0)
        centred = rows - mean  # `torch.var_mean` takes six times as long
        squared_deviations = centred.mul_(centred).sum(0).double().cpu()
        number, difference = len(rows), mean.double().cpu() - self.mean
        total = self.count + number
        self.mean = self.mean + difference * (number / total)
        between_parts = difference**2 * (self.count * number / total)
        self.squared_deviations = self.squared_deviations + squared_deviations + between_parts
        self.count = total

    def of_groups(self, groups: int) -> tuple[Tensor, Tensor, int]:
        """Return mean, sum of squared deviations and number of values of each group of channels."""
        means = self.mean.view(groups, -1)
        mean = means.mean(1)
        between_groups = ((means - mean[:, None]) ** 2).sum(1) * self.count
        return (
            mean,
            self.squared_deviations.view(groups, -1).sum(1) + between_groups,
            self.count * means.shape[1],
        )


class Norm(Operator):
    """Instance, group, layer or batch norm, with the statistics of the whole image.

    Args:
        node: the operation.
        source: its input.
        groups: number of groups of channels, which are normalized separately.
        weight: the node of the scale of each channel, or None.
        bias: the node of the shift of each channel, or None.
        epsilon: added to the variance.
        running: the nodes of the running mean and variance of batch norm, or None.
    """

    def __init__(
        self,
        node: fx.Node,
        source: fx.Node,
        groups: int,
        weight: Any,
        bias: Any,
        epsilon: float,
        running: tuple[Any, Any] | None = None,
    ) -> None:
        super().__init__(node, (source,))
        self.groups, self.weight, self.bias, self.epsilon = groups, weight, bias, epsilon
        self.running = running
        self._factors: tuple[Tensor, Tensor] | None = None

    def run(self, evaluate: Evaluate, constant: Constant, region: Region) -> Tensor:
        pixels = evaluate(self.inputs[0], region)
        if self._factors is None:
            factors = self._scale_and_shift(constant)
            self._factors = tuple(f.to(pixels)[None, :, None, None] for f in factors)  # type: ignore[assignment]
        scale, shift = self._factors  # type: ignore[misc]
        return torch.addcmul(shift, pixels, scale)

    def _scale_and_shift(self, constant: Constant) -> tuple[Tensor, Tensor]:
        """Return the scale and the shift of each channel, in float64."""
        if self.running:
            mean, variance = (constant(each).double() for each in self.running)
        else:
            mean, squared_deviations, number = constant(self.inputs[0]).of_groups(self.groups)
            repeats = shape_of(self.node)[1] // self.groups
            mean = mean.repeat_interleave(repeats)
            variance = (squared_deviations / number).repeat_interleave(repeats)
        scale = (variance + self.epsilon).rsqrt()
        shift = -mean * scale
        weight, bias = constant(self.weight), constant(self.bias)
        if weight is not None:
            scale, shift = scale * weight.to(scale), shift * weight.to(scale)
        return scale, shift if bias is None else shift + bias.to(shift)


def value_of_reduction(node: fx.Node, moments: Moments) -> Tensor:
    """Return the value of `node`, one of `REDUCTIONS`, from the moments of its input."""
    name, dims = name_of(node), reduced_dims(node)
    channels = len(moments.mean)
    mean, squared_deviations, number = moments.of_groups(1 if 1 in dims else channels)
    if name.startswith("mean"):
        result = mean
    elif name.startswith("sum"):
        result = mean * number
    else:
        correction = node.kwargs.get("correction", 1)
        result = squared_deviations / (number - (1 if correction is None else float(correction)))  # type: ignore[arg-type]
        result = result.sqrt() if name.startswith("std") else result
    expected = node.meta["val"]
    return result.to(expected.dtype).reshape(expected.shape)


def reduced_dims(node: fx.Node) -> set[int]:
    """Return the dimensions that `node`, a mean, sum or variance, reduces."""
    dims: Any = node.args[1] if len(node.args) > 1 else None
    return {dim % 4 for dim in dims} if isinstance(dims, (list, tuple)) and dims else {0, 1, 2, 3}


REDUCTIONS = {"mean", "sum", "var", "std"}
