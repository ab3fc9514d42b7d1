"""Images as a person is shown them: in 8 bits, gray or three channels."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from translate.images.tensors import from_device


def shown_levels(images: Tensor) -> NDArray[np.uint8]:
    """Return (N, H, W, 1 or 3) bytes of images (N, C, H, W) in [-1, 1].

    Of more than three channels the first three are shown, of two the first.
    """
    channels = images.shape[1]
    return from_device(images[:, : 3 if channels >= 3 else 1])
