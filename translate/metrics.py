"""Metrics: the interface of plugins that measure translated or generated images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, Self, TypedDict

import numpy as np
import torch
from torch import Tensor

from translate.errors import ConfigError
from translate.weights import PretrainedFile


class MetricValue(NamedTuple):
    """The better direction and the unit of a number that a metric computes."""

    better: Literal["min", "max"]
    """whether smaller or larger numbers are better"""
    unit: str = ""
    """the unit, such as ``dB``; empty for none"""


class MetricBatch(TypedDict, total=False):
    """Images to measure and related images; fields are missing if unknown.

    Images are (N, C, H, W), float32 on one device, in the range of their domain: 0 to 255 for 8-bit
    images. All fields except ``real`` and ``real_labels`` belong to the same N images.
    """

    fake: Tensor
    """the translated or generated images"""
    target: Tensor
    """the ground truth of each fake image, of the same size"""
    source: Tensor
    """the input of each fake image, in the range of the source domain"""
    cycle: Tensor
    """the fake images, translated back to the source domain"""
    mask: Tensor
    """(N, 1, H, W) bool: True for pixels to measure"""
    labels: Tensor
    """(N,): index of the class of each fake image"""
    real: Tensor
    """any number of real images of the target domain, not aligned with fake images"""
    real_labels: Tensor
    """index of the class of each real image"""


class Metric(ABC):
    """A metric, which is updated with batches of images.

    A plugin registers it by the hook ``register_metrics``, as a class or function of its options.
    ``translate evaluate`` computes it, and ``train.metric`` selects checkpoints by it. A factory
    also gets the keywords among ``domain`` (the `translate.batches.Domain` of the fake images),
    ``source_domain`` and ``classes`` (names) that its signature has. The constructor must not load
    files: `update` does, when it first needs them.

    `update` stores rows by `add`. The engine gathers them over processes, and resamples them for
    bootstrap intervals.

    Example:
        >>> class Brightness(Metric):
        ...     needs = frozenset({"fake"})
        ...     values = {"brightness": MetricValue("max")}
        ...     def update(self, batch: MetricBatch) -> None:
        ...         self.add("fake", means=batch["fake"].mean((1, 2, 3)))
        ...     def compute(self) -> dict[str, float]:
        ...         return {"brightness": float(self.rows("fake", "means").mean())}
    """

    needs: ClassVar[frozenset[str]] = frozenset({"fake"})
    """Fields of `MetricBatch` that are required; others may be missing."""
    masked: ClassVar[bool] = False
    """True: if there is a field ``mask``, only its pixels are measured."""
    of_samples: ClassVar[bool] = False
    """True: it is for generated images; translations are measured only if it is named."""
    unbiased_from: ClassVar[int] = 0
    """Number of images below which the metric is biased, such as 1,000 for a Fréchet distance: its
    values are comparable only for equal numbers of images."""
    resamples: ClassVar[int] = 50
    """Number of bootstrap resamples for intervals; 0: no interval, for a metric that is slow to
    compute. Values in `per_image` get more resamples."""
    pretrained: Sequence[PretrainedFile] = ()
    """Files of weights that it needs; as a class attribute, all files that its options may need,
    for ``translate weights``. If one is missing, the metric is skipped unless it is named."""
    values: Mapping[str, MetricValue]
    """The values that `compute` returns, by name. A name includes the network that is used:
    ``kd-lite0``."""

    @abstractmethod
    def update(self, batch: MetricBatch) -> None:
        """Measure a batch; real and fake images may be in different batches."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Return the metric values of all batches, by the names in `values`; NaN for undefined."""

    def per_image(self) -> dict[str, Tensor]:
        """Return the values of each fake image, (N,), by name; a metric value is their mean.

        By default there are none.
        """
        return {}

    def protocol(self) -> dict[str, str]:
        """Return what must be equal for comparable values: networks, sizes, conventions."""
        return {}

    def add(self, images: str, /, **rows: Tensor) -> None:
        """Store values of each image of a batch.

        Args:
            images: The images of the values, such as ``fake`` or ``real``. Values of the same
                images are resampled together for an interval.
            rows: Tensors (N, ...) by name, such as errors or features.

        Raises:
            ValueError: Rows are not one for each image.
        """
        if len(lengths := {tensor.shape[:1] for tensor in rows.values()}) > 1 or () in lengths:
            shapes = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in rows.items())
            raise ValueError(f"add({images!r}): expected a row for each image (N, ...): {shapes}")
        stored = self._stored().setdefault(images, {})
        for name, tensor in rows.items():
            stored.setdefault(name, []).append(tensor.detach().cpu())

    def rows(self, images: str, name: str) -> Tensor:
        """Return all values (N, ...) that `add` stored.

        Raises:
            KeyError: There are none.
            ConfigError: They have different shapes, as images have different sizes.
        """
        chunks = self._stored()[images][name]
        if len({chunk.shape[1:] for chunk in chunks}) > 1:
            raise ConfigError(
                f"the {images} images have several sizes, and {type(self).__name__} compares "
                "images of one size: expected equal sizes. For images of one aspect ratio: --size N"
            )
        if len(chunks) > 1:
            chunks[:] = [torch.cat(chunks)]
        return chunks[0]

    def state(self) -> dict[str, Tensor]:
        """Return all stored values, for `merge`."""
        return {
            f"{images}/{name}": self.rows(images, name)
            for images, stored in self._stored().items()
            for name in stored
        }

    def merge(self, state: Mapping[str, Tensor]) -> None:
        """Add the values of another process, which its `state` returned."""
        for key, tensor in state.items():
            images, _, name = key.partition("/")
            self.add(images, **{name: tensor})

    def resample(self, random: np.random.Generator) -> Self:
        """Return a metric of images drawn with replacement, for bootstrap intervals."""
        other: Self = object.__new__(type(self))
        other.__dict__ = {**self.__dict__, "_rows": {}}
        for images, stored in self._stored().items():
            rows = {name: self.rows(images, name) for name in stored}
            count = len(next(iter(rows.values())))
            indices = torch.from_numpy(random.integers(count, size=count))
            other.add(images, **{name: tensor[indices] for name, tensor in rows.items()})
        return other

    def _stored(self) -> dict[str, dict[str, list[Tensor]]]:
        """Return the stored rows; created here, so that subclasses need not call `__init__`."""
        stored: dict[str, dict[str, list[Tensor]]] = self.__dict__.setdefault("_rows", {})
        return stored
