"""The base of metrics whose figure is a mean of values that depend on all images of a set."""

import copy
from abc import abstractmethod
from typing import Self

import numpy as np
import torch
from torch import Tensor

from translate.metrics import Metric


class MeanOfSetValues(Metric):
    """A mean of values, one for each image, that are computed from all images together.

    Intervals draw the values, not the images: an image that is drawn twice would be its own nearest
    neighbour, and a classifier would be trained again for each draw.
    """

    drawn: Tensor | None = None
    """the values of a metric that was drawn by `resample`"""

    @abstractmethod
    def values(self) -> Tensor:
        """Return the values (N,) of all images so far; none if the figure is undefined."""

    def compute(self) -> dict[str, float]:
        values = self._known_values() if self.drawn is None else self.drawn
        return dict.fromkeys(self.figures, float(values.double().mean()))

    def resample(self, random: np.random.Generator) -> Self:
        values, other = self._known_values(), copy.copy(self)
        count = len(values)
        other.drawn = values[torch.from_numpy(random.integers(max(count, 1), size=count))]
        return other

    def _known_values(self) -> Tensor:
        """Return the values, computed once for many draws."""
        counts = {name: len(chunk) for name, chunk in self.state().items()}
        if self.__dict__.get("_counts") != counts:
            self._counts, self._known = counts, self.values()
        return self._known
