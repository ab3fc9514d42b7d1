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
"""number of nearest training images whose mean distance is measured"""


@torch.inference_mode()
def features(crops: Sequence[Pixels], domain: Domain, device: torch.device) -> Tensor:
    """Return the features (N, 320) of crops (H, W, C) of one size, on the CPU."""
    network, rows = _network(device), []
    for start in range(0, len(crops), BATCH_SIZE):
        chunk = crops[start : start + BATCH_SIZE]
        images = torch.cat([network_input(crop, device, domain) for crop in chunk])
        rows.append(network(images.expand(-1, 3, -1, -1)).cpu())
    return torch.cat(rows)


def distances(features: Tensor, others: Tensor) -> Tensor:
    """Return the mean distance (N,) of features (N, D) to the nearest of others (M, D)."""
    return _mean_of_nearest(torch.cdist(features, others), min(NEIGHBOURS, len(others)))


def distances_within(features: Tensor) -> Tensor:
    """Return the mean distance (N,) of features (N, D), N at least 2, to the nearest others."""
    pairwise = torch.cdist(features, features).fill_diagonal_(torch.inf)
    return _mean_of_nearest(pairwise, min(NEIGHBOURS, len(features) - 1))


def _mean_of_nearest(pairwise: Tensor, count: int) -> Tensor:
    return pairwise.topk(count, dim=1, largest=False).values.mean(1)


@cache
def _network(device: torch.device) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # it initializes weights before it loads them
        return efficientnet_lite0_features().eval().requires_grad_(False).to(device)
