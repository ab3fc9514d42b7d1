"""Base classes of metrics that are means of one value per image.

The value of an image depends on this image alone in `MeanOverImages`, on all images in
`MeanOverImageSet`.
"""

import copy
from abc import abstractmethod
from typing import Self

import numpy as np
import torch
from torch import Tensor

from translate.metrics import Metric

UNDEFINED = torch.empty(0, device="cpu")  # whatever the default device is at import
"""returned by `MeanOverImageSet.image_values` if the metric is undefined, as for too few images"""


class MeanOverImages(Metric):
    """A mean over fake images.

    The `update` of a subclass calls ``self.add("fake", value=values)``, with a tensor (N,) that is
    NaN where the value is undefined.
    """

    def per_image(self) -> dict[str, Tensor]:
        return dict.fromkeys(self.values, self.rows("fake", "value").double())

    def compute(self) -> dict[str, float]:
        return {name: float(values.nanmean()) for name, values in self.per_image().items()}


class MeanOverImageSet(Metric):
    """A mean of values, one for each image, that are computed from all images together.

    Bootstrap intervals resample the values, not the images: an image that is drawn twice would be
    its own nearest neighbour, and a classifier would be trained again for each resample.
    """

    resampled_values: Tensor | None = None
    """values that `resample` has drawn; None for the original metric"""

    @abstractmethod
    def image_values(self) -> Tensor:
        """Return the values (N,) of all added images; `UNDEFINED` if there are too few."""

    def compute(self) -> dict[str, float]:
        values = self._cached_values() if self.resampled_values is None else self.resampled_values
        return dict.fromkeys(self.values, float(values.double().mean()))

    def resample(self, random: np.random.Generator) -> Self:
        values, resampled = self._cached_values(), copy.copy(self)
        count = len(values)
        indices = random.integers(max(count, 1), size=count)  # `integers` refuses a limit of 0
        resampled.resampled_values = values[torch.from_numpy(indices)]
        return resampled

    def _cached_values(self) -> Tensor:
        """Return the values; they are computed again only if images were added."""
        counts = {name: len(tensor) for name, tensor in self.state().items()}
        if self.__dict__.get("_counts") != counts:
            self._counts, self._values = counts, self.image_values()
        return self._values
