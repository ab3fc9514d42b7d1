"""The overlap and the memory that a network needs for translation in tiles."""

from math import ceil
from typing import NamedTuple

import torch
from torch import nn

from translate.engine.tiling.halo import TRACED_SIDE, receptive_halo
from translate.engine.tiling.plan import full_frame_bytes
from translate.engine.traced.graph import read_graph
from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.tracing import trace
from translate.nn.geometry import Geometry

WHOLE_IMAGE_NORMS = "its norms use the mean and the variance of the whole image"
"""the only operators for which `receptive_halo` returns None"""


class TileRequirements(NamedTuple):
    """The overlap and the memory of tiles."""

    halo: int | None
    """radius of the receptive field in input pixels; None: the whole image"""
    reason: str
    """why `halo` is None; else empty"""
    bytes_per_pixel: int
    """memory of the activations per input pixel; 0: unknown"""


def measure_tile_requirements(
    network: nn.Module, channels: int, geometry: Geometry
) -> TileRequirements:
    """Return the requirements of a network from a trace of its operators on fake tensors.

    The network must be in evaluation mode, on the CPU. If an operator is unknown, the halo is the
    one that `geometry` declares.
    """
    side = geometry.fit(TRACED_SIDE)
    try:
        module = trace(network, [(1, channels, side, side)], torch.device("cpu"))
        memory = ceil(full_frame_bytes(module) / side**2)
    except UnsupportedError as error:
        return _declared_halo(geometry, error, 0)
    try:
        halo = receptive_halo(read_graph(module))
        return TileRequirements(halo, WHOLE_IMAGE_NORMS if halo is None else "", memory)
    except UnsupportedError as error:
        return _declared_halo(geometry, error, memory)


def _declared_halo(geometry: Geometry, error: UnsupportedError, memory: int) -> TileRequirements:
    reason = str(error) if geometry.halo is None else ""
    return TileRequirements(geometry.halo, reason, memory)
