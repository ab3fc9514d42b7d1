"""State dicts of generators with the keys of published code, as an exporter writes them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from translate.errors import ConfigError, TranslateError
from translate.exporters import Content, ExportedModel, LoadedModel
from translate.importers import ForeignWeights
from translate.nn.geometry import geometry_of
from translate.registry import create, create_generator, names
from translate_plugins.importers.generators import Generator, Norm, read_generator

if TYPE_CHECKING:
    from torch import Tensor, nn

TOLERANCE = 1e-4
PREFIX = "generator."
"""of the keys of a recipe with one generator"""
EXPECTED = (
    "Expected a recipe of one generator for a direction: resnet or unet with layers and norms that "
    "the code of pytorch-CycleGAN-and-pix2pix, CUT or DeblurGAN has, or a network that an importer "
    "of another plugin reads"
)


class StateDictExporter:
    """Weights of one generator for the authors' code, ``latest_net_G.pth`` (.pth)."""

    suffix = ".pth"
    backend = ""
    model: ExportedModel | None = None

    def write(self, model: ExportedModel) -> bytes:
        import torch

        self.model = model
        prefix, network = find_generator(model.network)
        tensors = network.state_dict()
        if not any(equals(network, part) for part in readings(tensors)):
            raise ConfigError(f"{prefix or 'it'} has no published layout of keys. {EXPECTED}.")
        buffer = BytesIO()
        torch.save(tensors, buffer)
        return buffer.getvalue()

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        import torch

        if not (self.model and isinstance(content, bytes)):
            raise ValueError("it has weights alone, of which `translate import` makes a run")
        if threads:
            torch.set_num_threads(threads)
        whole = copy.deepcopy(self.model.network)
        _, network = find_generator(whole)
        weights = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        network.load_state_dict(weights)

        def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.inference_mode():
                return whole(torch.from_numpy(images)).numpy()

        return LoadedModel(run, self.model.metadata)


def find_generator(whole: nn.Module) -> tuple[str, nn.Module]:
    """Return the name and the module of the only network that has tensors.

    Raises `ConfigError` if there are several before one has keys of published code.
    """
    name, network = "", whole
    while not any(True for _ in readings(network.state_dict())):
        children = {key: child for key, child in network.named_children() if child.state_dict()}
        if len(children) != 1:
            raise ConfigError(f"{name or 'it'} has no published layout of keys. {EXPECTED}.")
        ((name, network),) = children.items()
    return name, network


def readings(tensors: Mapping[str, Tensor]) -> list[Generator]:
    """Return the generators that have these keys: one, or two with other norms, or of a plugin."""
    found = (read_generator(tensors, norm, "outer-first") for norm in get_args(Norm))
    return [generator for generator in found if generator] or imported_generators(tensors)


def imported_generators(tensors: Mapping[str, Tensor]) -> list[Generator]:
    """Return what importers make of these keys for a recipe with the part ``generator``."""
    weights, generators = ForeignWeights(Path("generator.pth"), tensors), list[Generator]()
    for importer in (create("importer", name) for name in names("importer")):
        if not (importer.recipes and importer.recognizes(weights)):
            continue
        with suppress(TranslateError):  # it needs an option, of what the keys do not show
            model = importer.convert(weights, None, None)
            if isinstance(part := model.options.get("generator"), Mapping):
                content = {
                    key.removeprefix(PREFIX): tensor
                    for key, tensor in model.tensors.items()
                    if key.startswith(PREFIX)
                }
                generators.append(Generator({**part}, content, model.channels))
    return generators


def equals(network: nn.Module, generator: Generator) -> bool:
    """Return whether a network has the function of a generator that was read from its keys."""
    import torch

    before, after = generator.channels
    other = create_generator(generator.part, in_channels=before, out_channels=after).eval()
    if {k: t.shape for k, t in other.state_dict().items()} != {
        k: t.shape for k, t in generator.tensors.items()
    }:
        return False
    other.load_state_dict(generator.tensors)
    side = geometry_of(other).fit(32)
    images = torch.rand(1, before, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    training = network.training
    with torch.no_grad():
        difference = (network.eval()(images) - other(images)).abs().max()
    network.train(training)
    return float(difference) <= TOLERANCE
