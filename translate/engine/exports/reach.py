"""How far an output of a network reaches into its input, and how much memory its values take."""

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

STATISTICS = "its norms use the mean and the variance of the whole image"


class Reach(NamedTuple):
    """What tiles of an image need to know of a network."""

    halo: int | None
    """pixels of the input around a pixel's place that the output there depends on; None: all"""
    reason: str
    """why there is no halo"""
    bytes_per_pixel: int
    """memory of the network's values for each pixel of the input; 0: not known"""


def measure_reach(network: nn.Module, channels: int, geometry: Geometry) -> Reach:
    """Return the reach of a network, from its operations; nothing is computed.

    Args:
        network: in evaluation mode, on the CPU.
        channels: of its input.
        geometry: the sizes that it takes; its halo counts where operations are not known.
    """
    side = geometry.fit(TRACED_SIDE)
    try:
        module = trace(network, [(1, channels, side, side)], torch.device("cpu"))
        memory = ceil(full_frame_bytes(module) / side**2)
    except UnsupportedError as error:
        return Reach(geometry.halo, "" if geometry.halo is not None else str(error), 0)
    try:
        halo = receptive_halo(read_graph(module))
        return Reach(halo, STATISTICS if halo is None else "", memory)
    except UnsupportedError as error:
        return Reach(geometry.halo, "" if geometry.halo is not None else str(error), memory)
