"""Exporter of the weights of one generator, as a state dict with the keys of published code."""

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
from translate_plugins.importers.generators import GeneratorWeights, Norm, read_generator

if TYPE_CHECKING:
    from torch import Tensor, nn

TOLERANCE = 1e-4
"""largest difference of pixels in [-1, 1] between equal networks"""
PREFIX = "generator."
"""prefix of keys in recipes with one generator"""
EXPECTED = (
    "Expected a recipe with a single generator: resnet or unet with layers and norms that "
    "the code of pytorch-CycleGAN-and-pix2pix, CUT or DeblurGAN has, or a network that an importer "
    "of another plugin reads"
)


class StateDictExporter:
    """Weights of one generator for the code of its authors, as ``latest_net_G.pth``.

    `load` works only after `write`, as the file has no options of the network.
    """

    suffix = ".pth"
    backend = ""
    model: ExportedModel | None = None

    def write(self, model: ExportedModel) -> bytes:
        import torch

        self.model = model
        name, network = find_generator(model.network)
        tensors = network.state_dict()
        if not any(is_equal(network, generator) for generator in possible_generators(tensors)):
            raise ConfigError(
                f"{name or 'the model'} computes something else than published code with its keys. "
                f"{EXPECTED}."
            )
        buffer = BytesIO()
        torch.save(tensors, buffer)
        return buffer.getvalue()

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        import torch

        if not (self.model and isinstance(content, bytes)):
            raise ValueError(
                "a .pth file has weights only: `translate import FILE --out RUN` makes a run of it"
            )
        if threads:
            torch.set_num_threads(threads)
        recipe_network = copy.deepcopy(self.model.network)
        _, network = find_generator(recipe_network)
        weights = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        network.load_state_dict(weights)

        def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.inference_mode():
                return recipe_network(torch.from_numpy(images)).numpy()

        return LoadedModel(run, self.model.metadata)


def find_generator(recipe_network: nn.Module) -> tuple[str, nn.Module]:
    """Return the name and module of the network that has keys of published code.

    Modules with exactly one child that has tensors are unwrapped. Raises `ConfigError` if another
    module has no keys of published code.
    """
    name, network = "", recipe_network
    while not possible_generators(network.state_dict()):
        children = {key: child for key, child in network.named_children() if child.state_dict()}
        if len(children) != 1:
            raise ConfigError(f"{name or 'the model'} has no published layout of keys. {EXPECTED}.")
        ((name, network),) = children.items()
    return name, network


def possible_generators(tensors: Mapping[str, Tensor]) -> list[GeneratorWeights]:
    """Return the generators that may have these keys, one for each norm, or those of plugins."""
    generators = (read_generator(tensors, norm, "outer-first") for norm in get_args(Norm))
    return [generator for generator in generators if generator] or generators_of_importers(tensors)


def generators_of_importers(tensors: Mapping[str, Tensor]) -> list[GeneratorWeights]:
    """Return the generators that importers, also of other plugins, make of these keys."""
    weights, generators = ForeignWeights(Path("generator.pth"), tensors), list[GeneratorWeights]()
    for importer in (create("importer", name) for name in names("importer")):
        if not (importer.recipes and importer.recognizes(weights)):
            continue
        with suppress(TranslateError):  # the importer needs an option
            model = importer.convert(weights, None, None)
            if isinstance(part := model.options.get("generator"), Mapping):
                generator_tensors = {
                    key.removeprefix(PREFIX): tensor
                    for key, tensor in model.tensors.items()
                    if key.startswith(PREFIX)
                }
                generators.append(GeneratorWeights({**part}, generator_tensors, model.channels))
    return generators


def is_equal(network: nn.Module, generator: GeneratorWeights) -> bool:
    """Return whether `network` computes the same as `generator`, which was made of its tensors."""
    import torch

    in_channels, out_channels = generator.channels
    other = create_generator(
        generator.part, in_channels=in_channels, out_channels=out_channels
    ).eval()
    if {k: t.shape for k, t in other.state_dict().items()} != {
        k: t.shape for k, t in generator.tensors.items()
    }:
        return False
    other.load_state_dict(generator.tensors)
    side = geometry_of(other).fit(32)
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(1, in_channels, side, side, generator=rng) * 2 - 1
    was_training = network.training
    with torch.no_grad():
        difference = (network.eval()(images) - other(images)).abs().max()
    network.train(was_training)
    return float(difference) <= TOLERANCE
