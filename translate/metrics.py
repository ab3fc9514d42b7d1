"""Metrics of translated and generated images: the interface for plugins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, Self, TypedDict

import numpy as np
import torch
from torch import Tensor

from translate.errors import ConfigError
from translate.weights import PretrainedFile


class Figure(NamedTuple):
    """The direction and unit of one number of a metric."""

    better: Literal["min", "max"]
    """whether smaller or larger numbers are better"""
    unit: str = ""
    """such as ``dB``; empty for numbers without a unit"""


class MetricBatch(TypedDict, total=False):
    """Images to measure, and what is known about them; unknown fields are missing.

    Images are (N, C, H, W), float32 on one device, in the numbers of their domain: 0 to 255 for
    8-bit images. All but ``real`` and ``real_labels`` are of the same N images.
    """

    fake: Tensor
    """the images that are measured: translated or generated"""
    target: Tensor
    """the ground truth of each fake image, of the same size"""
    source: Tensor
    """the input of each fake image, in the numbers of the source domain"""
    cycle: Tensor
    """the fake images, translated back to the source domain"""
    mask: Tensor
    """(N, 1, H, W) bool: the pixels that count"""
    labels: Tensor
    """(N,): index of the class that each fake image was generated for"""
    real: Tensor
    """any number of real images of the target domain, which no fake image belongs to"""
    real_labels: Tensor
    """index of the class of each real image"""


class Metric(ABC):
    """A measurement of many images, in batches.

    A plugin offers one by the hook ``register_metrics`` as a class or function of its options; with
    ``train.metric`` it chooses checkpoints. A factory is also given those of the keywords
    ``domain`` (the `translate.batches.Domain` of the fake images), ``source_domain`` and
    ``classes`` (their names) that its signature takes. The constructor loads no file: `update`
    does, when it first needs one.

    What `update` keeps by `add` is the state: it is gathered over processes, and drawn with
    replacement for bootstrap intervals, so that a metric writes neither.

    Example:
        >>> class Brightness(Metric):
        ...     needs = frozenset({"fake"})
        ...     figures = {"brightness": Figure("max")}
        ...     def update(self, batch: MetricBatch) -> None:
        ...         self.add("fake", means=batch["fake"].mean((1, 2, 3)))
        ...     def compute(self) -> dict[str, float]:
        ...         return {"brightness": float(self.rows("fake", "means").mean())}
    """

    needs: ClassVar[frozenset[str]] = frozenset({"fake"})
    """Fields of `MetricBatch` without which it cannot be computed; others may be missing."""
    masked: ClassVar[bool] = False
    """True: `update` can restrict itself to the field ``mask``."""
    of_samples: ClassVar[bool] = False
    """True: it is meant for images that are generated from noise. Translations are measured by it
    only where it is named."""
    unbiased_from: ClassVar[int] = 0
    """The number of images below which its figures are biased, such as 1,000 for a Fréchet
    distance: they compare only for equal numbers of images."""
    resamples: ClassVar[int] = 50
    """Number of bootstrap resamples for the interval of the figures; 0: no interval,
    for a metric that is slow to compute. Figures of `per_image` are drawn more often."""
    pretrained: Sequence[PretrainedFile] = ()
    """Files of weights that it needs; on the class, all that its options choose from, which
    ``translate weights`` lists. If one is missing, the metric is skipped, unless it is named."""
    figures: Mapping[str, Figure]
    """What `compute` returns, by name, on the class or set by the constructor. A name says which
    network it is measured with: ``kd-lite0``."""

    @abstractmethod
    def update(self, batch: MetricBatch) -> None:
        """Measure a batch; fields that it `needs` may come in different batches."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Return the figures of all batches; NaN if one is undefined for them."""

    def per_image(self) -> dict[str, Tensor]:
        """Return figures of each fake image, (N,), in the order of `update`.

        Of figures that are means over images only; none where they are of a set of images.
        """
        return {}

    def protocol(self) -> dict[str, str]:
        """Return what must be equal for figures to be comparable: networks, sizes, conventions."""
        return {}

    def add(self, images: str, /, **rows: Tensor) -> None:
        """Store rows, one for each image of a batch.

        Args:
            images: The images that the rows belong to, such as ``fake`` or ``real``. All rows of
                the same images have equal numbers, and are resampled together for an interval.
            rows: Tensors (N, ...) by name, such as errors or features.
        """
        kept = self._kept().setdefault(images, {})
        for name, tensor in rows.items():
            kept.setdefault(name, []).append(tensor.detach().cpu())

    def rows(self, images: str, name: str) -> Tensor:
        """Return all rows (N, ...) that were kept by `add`.

        Raises:
            KeyError: There are none.
            ConfigError: They have several shapes, as those of images of several sizes may have.
        """
        chunks = self._kept()[images][name]
        if len({chunk.shape[1:] for chunk in chunks}) > 1:
            raise ConfigError(
                f"the {images} images have several sizes, and {type(self).__name__} compares "
                "images of one size: expected equal sizes, such as by --size N for images of one "
                "aspect"
            )
        if len(chunks) > 1:
            chunks[:] = [torch.cat(chunks)]
        return chunks[0]

    def state(self) -> dict[str, Tensor]:
        """Return all stored rows, for `merge`."""
        return {
            f"{images}/{name}": self.rows(images, name)
            for images, kept in self._kept().items()
            for name in kept
        }

    def merge(self, state: Mapping[str, Tensor]) -> None:
        """Add the `state` of another process."""
        for key, tensor in state.items():
            images, _, name = key.partition("/")
            self.add(images, **{name: tensor})

    def resample(self, random: np.random.Generator) -> Self:
        """Return the metric of images drawn with replacement, for bootstrap intervals."""
        other: Self = object.__new__(type(self))
        other.__dict__ = {**self.__dict__, "_rows": {}}
        for images, kept in self._kept().items():
            rows = {name: self.rows(images, name) for name in kept}
            count = len(next(iter(rows.values())))
            indices = torch.from_numpy(random.integers(count, size=count))
            other.add(images, **{name: tensor[indices] for name, tensor in rows.items()})
        return other

    def _kept(self) -> dict[str, dict[str, list[Tensor]]]:
        """Return the rows by images and name; a subclass need not call a constructor of ours."""
        kept: dict[str, dict[str, list[Tensor]]] = self.__dict__.setdefault("_rows", {})
        return kept
