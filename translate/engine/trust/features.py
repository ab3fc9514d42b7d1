"""Distances of images to the training images, in features of a pretrained network."""

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from translate.batches import Domain
from translate.images.layers import Pixels
from translate.images.tensors import network_input
from translate.nn.pretrained import efficientnet_lite0_features

BATCH_SIZE = 16
NEIGHBOURS = 5
"""number of nearest training images over which distances are averaged"""


@torch.inference_mode()
def features(crops: Sequence[Pixels], domain: Domain, device: torch.device) -> Tensor:
    """Return the features (N, 320) of crops (H, W, C) of one size, on the CPU."""
    network, features_of_batches = _network(device), []
    for start in range(0, len(crops), BATCH_SIZE):
        batch = crops[start : start + BATCH_SIZE]
        images = torch.cat([network_input(crop, device, domain) for crop in batch])
        features_of_batches.append(network(images.expand(-1, 3, -1, -1)).cpu())
    return torch.cat(features_of_batches)


def distances(features: Tensor, others: Tensor | None = None) -> Tensor:
    """Return the mean distance (N,) of features (N, D) to the nearest of `others`, (M, D).

    None: the other rows of `features`, at least one.
    """
    pairwise = torch.cdist(features, features if others is None else others)
    if others is None:
        pairwise.fill_diagonal_(torch.inf)
    count = min(NEIGHBOURS, pairwise.shape[1] - (others is None))
    return pairwise.topk(count, dim=1, largest=False).values.mean(1)


@cache
def _network(device: torch.device) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # as weights are initialized before they are loaded
        return efficientnet_lite0_features().eval().requires_grad_(False).to(device)
