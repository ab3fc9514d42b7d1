"""Class labels as inputs of networks."""

import torch
import torch.nn.functional as F
from torch import Tensor


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Return one-hot labels as images of one pixel.

    Args:
        labels: (N,), class indices.
        classes: Number of classes.

    Returns:
        (N, classes, 1, 1): 1.0 in the channel of each label, else 0.0.
    """
    return F.one_hot(labels.long(), classes)[:, :, None, None].float()


def with_labels(images: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return `images` with one plane per class as further channels (Mirza and Osindero, 2014).

    Args:
        images: (N, C, H, W); latent vectors (N, C, 1, 1) as well.
        labels: (N,), class indices.
        classes: Number of classes.

    Returns:
        (N, C + classes, H, W): the plane of an image's class is 1, the others are 0.
    """
    planes = one_hot(labels, classes).to(images)
    return torch.cat([images, planes.expand(-1, -1, *images.shape[2:])], dim=1)
