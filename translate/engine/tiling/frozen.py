"""Statistics of normalization layers, recorded on a downscaled image and used for all its tiles."""

from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from translate.engine.traced.statistics import Moments

GROUP_NORM, BATCH_NORMS = "aten::native_group_norm", (
    "aten::native_batch_norm",
    "aten::_native_batch_norm_legit",
    "aten::cudnn_batch_norm",
)  # fmt: skip
"""operations of PyTorch: of group norm, and of instance and batch norm"""


class FrozenStatistics(TorchDispatchMode):
    """Records the statistics of a function's normalization layers, and reuses them in later calls.

    Use it in a ``with`` block around a call of the function: the statistics of each layer are
    recorded before `replay`, and reused after `replay`. Use `torch.no_grad`, as inference mode
    hides these layers from PyTorch's dispatch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.statistics: list[tuple[Tensor, Tensor]] = []
        """mean and reciprocal standard deviation of each channel, layer by layer"""
        self._position: int | None = None
        """index of the next layer; None while statistics are recorded"""

    def replay(self) -> None:
        """Use the recorded statistics from now on."""
        self._position = 0

    def rewind(self) -> None:
        """Continue with the statistics of the first layer, for the next tile."""
        self._position = None if self._position is None else 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        norm = _groups_and_epsilon(func, args)
        if norm is None:
            return result
        groups, epsilon = norm
        if self._position is None:
            self.statistics.append(_statistics(args[0], groups, epsilon))
            return result
        if self._position >= len(self.statistics):
            return result
        mean, scale = self.statistics[self._position]
        self._position += 1
        if len(mean) != args[0].shape[1]:
            return result
        shape, (images, weight, bias, *_) = (1, -1, 1, 1), args
        pixels = (images - mean.view(shape)) * scale.view(shape)
        pixels = pixels if weight is None else pixels * weight.view(shape)
        return (pixels if bias is None else pixels + bias.view(shape), *result[1:])


def _groups_and_epsilon(func: Any, args: tuple[Any, ...]) -> tuple[int, float] | None:
    """Return the number of groups and epsilon of a layer that normalizes by its input's statistics.

    Each channel is a group in instance and batch norm. None: `func` is no such layer.
    """
    name = func._schema.name
    if not args or not isinstance(args[0], Tensor) or args[0].ndim != 4 or len(args[0]) != 1:
        return None
    if name == GROUP_NORM:
        *_, groups, epsilon = args
        return groups, epsilon
    if name in BATCH_NORMS:
        *_, uses_statistics_of_input, _momentum, epsilon = args
        return (args[0].shape[1], epsilon) if uses_statistics_of_input else None
    return None


def _statistics(pixels: Tensor, groups: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return mean and reciprocal standard deviation of each channel."""
    moments = Moments()
    moments.add(pixels)
    mean, squared_deviations, number = moments.of_groups(groups)
    repeats = pixels.shape[1] // groups
    scale = (squared_deviations / number + epsilon).rsqrt()
    return tuple(each.repeat_interleave(repeats).to(pixels) for each in (mean, scale))  # type: ignore[return-value]
