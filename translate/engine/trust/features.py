"""Distances of images to the training images, in features of a pretrained network."""

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from translate.batches import Domain
from translate.images.layers import Pixels
from translate.images.tensors import network_input
from translate.nn.pretrained import efficientnet_lite0_features

CHUNK = 16
"""images that go through the network together"""
NEIGHBOURS = 5
"""nearest training images, whose mean distance counts"""


@torch.inference_mode()
def features(crops: Sequence[Pixels], domain: Domain, device: torch.device) -> Tensor:
    """Return the features (N, 320) of crops (H, W, C) of one size, on the CPU."""
    network, rows = _network(device), []
    for start in range(0, len(crops), CHUNK):
        chunk = crops[start : start + CHUNK]
        images = torch.cat([network_input(crop, device, domain) for crop in chunk])
        rows.append(network(images.expand(-1, 3, -1, -1)).cpu())
    return torch.cat(rows)


def distances(of: Tensor, to: Tensor) -> Tensor:
    """Return the mean distance (N,) of rows (N, D) to their nearest ones of others (M, D)."""
    return _nearest(torch.cdist(of, to), min(NEIGHBOURS, len(to)))


def distances_within(rows: Tensor) -> Tensor:
    """Return the mean distance (N,) of each of two or more rows (N, D) to the nearest others."""
    every = torch.cdist(rows, rows).fill_diagonal_(torch.inf)
    return _nearest(every, min(NEIGHBOURS, len(rows) - 1))


def _nearest(every: Tensor, count: int) -> Tensor:
    return every.topk(count, dim=1, largest=False).values.mean(1)


@cache
def _network(device: torch.device) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # it draws weights before it loads them
        return efficientnet_lite0_features().eval().requires_grad_(False).to(device)
