"""Bases of metrics whose figures are means: over images, or over values of a set of images."""

import copy
from abc import abstractmethod
from typing import Self

import numpy as np
import torch
from torch import Tensor

from translate.metrics import Metric

UNDEFINED = torch.empty(0)
"""the values of a figure that is undefined for these images"""


class MeanOverImages(Metric):
    """A mean over fake images; `update` adds the row ``value``, NaN for images without one."""

    def per_image(self) -> dict[str, Tensor]:
        return dict.fromkeys(self.figures, self.rows("fake", "value").double())

    def compute(self) -> dict[str, float]:
        return {name: float(values.nanmean()) for name, values in self.per_image().items()}


class MeanOfSetValues(Metric):
    """A mean of values, one for each image, that are computed from all images together.

    Bootstrap intervals resample the values, not the images: an image that is drawn twice would be
    its own nearest neighbour, and a classifier would be trained again for each resample.
    """

    drawn: Tensor | None = None
    """values that `resample` has drawn; None for the original metric"""

    @abstractmethod
    def values(self) -> Tensor:
        """Return the values (N,) of all images so far; `UNDEFINED` if there are none."""

    def compute(self) -> dict[str, float]:
        values = self._known_values() if self.drawn is None else self.drawn
        return dict.fromkeys(self.figures, float(values.double().mean()))

    def resample(self, random: np.random.Generator) -> Self:
        values, other = self._known_values(), copy.copy(self)
        count = len(values)
        other.drawn = values[torch.from_numpy(random.integers(max(count, 1), size=count))]
        return other

    def _known_values(self) -> Tensor:
        """Return the values, computed once for all resamples."""
        counts = {name: len(chunk) for name, chunk in self.state().items()}
        if self.__dict__.get("_counts") != counts:
            self._counts, self._known = counts, self.values()
        return self._known
