"""Class labels as inputs of networks."""

import torch
import torch.nn.functional as F
from torch import Tensor


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Return (N, classes, 1, 1): 1.0 in the channel of each label, 0.0 elsewhere."""
    return F.one_hot(labels.long(), classes)[:, :, None, None].float()


def with_labels(images: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return `images` with a plane behind their channels for each class: 1 for theirs, else 0.

    Mirza and Osindero (2014), as convolutions need it; noise (N, C, 1, 1) is an image, too.
    """
    planes = one_hot(labels, classes).to(images)
    return torch.cat([images, planes.expand(-1, -1, *images.shape[2:])], dim=1)
