"""Conversion of images for display: to 8 bits, in gray or RGB."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from translate.images.tensors import from_device


def display_bytes(images: Tensor) -> NDArray[np.uint8]:
    """Return images (N, C, H, W) in [-1, 1] as bytes (N, H, W, 1 or 3).

    Of more than three channels the first three are returned, of two the first.
    """
    channels = images.shape[1]
    return from_device(images[:, : 3 if channels >= 3 else 1])
