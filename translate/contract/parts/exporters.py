"""The rules of exporters, which write networks in other file formats; tested on a small one."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from translate.contract.parts import networks
from translate.contract.parts.subject import PartSubject
from translate.contract.rules import require, require_equal
from translate.engine.exports.exporting import TOLERANCE, output_differences
from translate.errors import ConfigError
from translate.exporters import ExportedModel, Exporter
from translate.nn.geometry import Geometry


class HalfSizeNetwork(nn.Module):
    """A network that downsamples by 2, normalizes over all pixels, and upsamples by 2."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(4, 4)
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        return torch.tanh(self.up(self.norm(self.down(images))))


def has_a_suffix(part: PartSubject) -> None:
    """Have the attributes `suffix`, such as ``.pt2`` or ``_folder``, and `backend`, a text."""
    exporter = part.make()
    suffix, backend = exporter.suffix, exporter.backend
    is_suffix = isinstance(suffix, str) and suffix[:1] in (".", "_") and len(suffix) > 1
    require(is_suffix, f"suffix is {suffix!r}: expected a text that starts with a dot or _.")
    require(isinstance(backend, str), f"backend is {backend!r}: expected a text.")


def writes_what_it_loads(part: PartSubject) -> str | None:
    """Write a network that returns the same images when it is loaded, for any N and size."""
    exporter, network = cast(Exporter, part.make()), HalfSizeNetwork().eval().requires_grad_(False)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    geometry = Geometry(multiple_of=2, minimum=4)
    model = ExportedModel(network=network, channels=3, geometry=geometry, metadata={"step": 1})
    try:
        data = exporter.write(model)
    except ConfigError as error:
        return f"not tested: it refuses a network of two convolutions: {error}"
    contents = data.values() if isinstance(data, Mapping) else [data]
    if not all(isinstance(content, bytes) for content in contents):
        name = type(data).__name__
        raise AssertionError(f"write returned {name}: expected bytes, or bytes by file name.")
    loaded_network = exporter.load(data, threads=1)
    require_equal(
        dict(model.metadata), dict(loaded_network.metadata), "load changed {} of the metadata."
    )
    for (height, width), difference in output_differences(model, loaded_network.network):
        require(
            difference <= TOLERANCE,
            f"At {width}x{height} the outputs differ by {difference:.2g}: expected {TOLERANCE:g}.",
        )
    require_equal(before, network.state_dict(), "write changed {} of the network.")
    require(not network.training, "write left the network in training mode.")
    return None


RULES = (networks.constructor_does_no_io, has_a_suffix, writes_what_it_loads)
