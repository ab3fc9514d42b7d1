"""Exports the model of a run, and compares outputs of the file with outputs of the model."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

import translate
from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.exports.tile_requirements import measure_tile_requirements
from translate.engine.exports.torch_free.record import ExportRecord
from translate.engine.models import calls
from translate.engine.models.model import Model
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes.signals import reraise_interruption
from translate.errors import ConfigError, describe_error
from translate.exporters import Content, ExportedModel, Exporter, Network, NetworkInput
from translate.nn.geometry import Geometry
from translate.nn.noise import Noise
from translate.recipe import Recipe

TOLERANCE = 1e-4
"""largest accepted difference of outputs in [-1, 1]: 1/80 of an 8-bit level"""


class Difference(NamedTuple):
    """The largest difference between outputs of the file and of the model at one size."""

    size: tuple[int, int]
    """height and width of the inputs"""
    value: float


class RefusingNoise(Noise):
    """Noise that raises `ConfigError` when it is drawn, as an exported file cannot draw noise."""

    def __init__(self, reason: str) -> None:
        super().__init__(0, [])
        self.reason = reason

    def _bits(self, *_: object) -> Tensor:
        raise ConfigError(self.reason)


class Translation(nn.Module):
    """The translation of a recipe to one domain as a module, (N, C, H, W) to (N, C', H', W')."""

    def __init__(self, recipe: Recipe, to: str, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.recipe, self.to_domain, self.options = recipe, to, dict(options)

    def forward(self, images: Tensor) -> Tensor:
        return self.recipe.translate(images, to=self.to_domain, **self.options)


def export(
    model: str, name: str, exporter: Exporter, exported: ExportedModel
) -> tuple[Content, list[Difference]]:
    """Return the file of a network, and the differences between its outputs and the network's.

    `exported` is the result of `describe` or `generators.describe`; messages have the names of the
    `model` and of the exporter, `name`. Raises `ConfigError` if the network cannot be exported, or
    outputs differ by more than `TOLERANCE`.
    """
    refusal = f"{model} cannot be exported by {name}: "
    try:
        content = exporter.write(exported)
        differences = output_differences(exported, exporter.load(content).network)
    except Exception as error:  # a compiler may raise anything
        reraise_interruption(error)
        reason = str(error)
        if not isinstance(error, ConfigError):
            cause = f"{describe_error(error):.300}".removesuffix(".")
            reason = (
                f"{cause}. Expected a recipe with a `{'draw' if exported.inputs else 'translate'}` "
                "that consists of the same operations of PyTorch for every image."
            )
        raise ConfigError(refusal + reason) from error
    worst = max(differences, key=lambda difference: difference.value)
    if not worst.value <= TOLERANCE:
        raise ConfigError(
            f"{refusal}its outputs differ by {worst.value:.2g} at {worst.size[1]}x{worst.size[0]}; "
            f"expected at most {TOLERANCE:g}."
        )
    return content, differences


def describe(model: Model, to: str, options: Mapping[str, Any]) -> ExportedModel:
    """Return the translation to a domain as a module, with its metadata, for an exporter.

    The model is on the CPU. All options of the recipe's `translate`, as in `options`, are fixed in
    the file. Raises `ConfigError` if the recipe does not translate images, or draws noise.
    """
    recipe, geometry = model.recipe, model.geometry
    if not model.translates:
        raise ConfigError(
            f"{model.name} cannot be exported: its recipe {model.recipe_name} does not translate "
            "images."
        )
    keywords = {**options, **refusing_noise(model)}
    source, target = model.source_and_target(to)
    channels = source.channels + recipe.takes_mask
    side = geometry.fit(64)
    images = torch.zeros(1, channels, side, side)
    translation = Translation(recipe, to, keywords)
    with plugin_code(recipe, "translate"):
        smaller = without_unused_networks(recipe, lambda: translation(images))
    network = Translation(smaller, to, keywords).eval()
    requirements = measure_tile_requirements(network, channels, geometry)
    record = make_record(
        model,
        smaller,
        options,
        source=source,
        target=target,
        geometry=replace(geometry, halo=requirements.halo),
        takes_mask=recipe.takes_mask,
        keeps_gray=recipe.keeps_gray,
        size=model.spec.size,
        sides=model.spec.sides,
        unscaled=model.unscaled,
        whole_image=requirements.reason,
        bytes_per_pixel=requirements.bytes_per_pixel,
    )
    return ExportedModel(
        network=network, channels=channels, geometry=geometry, metadata=record.json()
    )


def refusing_noise(model: Model) -> dict[str, Noise]:
    """Return the argument `noise` of the recipe's `translate`, if it takes one.

    The call raises `ConfigError` if the recipe draws noise with the given options.
    """
    translate_images = model.recipe.translate
    if not calls.takes_noise(translate_images):
        return {}
    settings = " with these options" if calls.options_of(translate_images) else ""
    reason = (
        f"{model.name}: its recipe {model.recipe_name} draws noise for each image{settings}, which "
        "an exported file cannot: expected "
        + ("options (--set NAME=VALUE) without noise, or " if settings else "")
        + "a recipe that takes images alone."
    )
    return {"noise": RefusingNoise(reason)}


def make_record(
    model: Model, exported: Recipe, options: Mapping[str, Any], **facts: Any
) -> ExportRecord:
    """Return the metadata of a file with the networks of `exported`, and with fixed `options`.

    `facts` are fields of `ExportRecord` that differ for translations and generators.
    """
    return ExportRecord(
        tool=f"translate-kit {translate.__version__}, PyTorch {torch.__version__}",
        recipe=model.recipe_name,
        step=model.step,
        checkpoint=model.digest,
        weights=digest_of_tensors(exported.state_dict()),
        options=to_yaml_types(dict(options)),
        **facts,
    )


def digest_of_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of the names, types, shapes and bytes of `tensors`, by name."""
    digest = sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def without_unused_networks(recipe: Recipe, call: Callable[[], object]) -> Recipe:
    """Return a copy of `recipe` with only the networks that `call` uses; weights are shared.

    Modules without parameters, such as a schedule, are kept, as their attributes may be read.
    """
    used_names = {name for name, child in recipe.named_children() if not [*child.parameters()]}
    hooks = [
        module.register_forward_pre_hook(lambda *_, name=name: used_names.add(name))
        for name, network in recipe.named_children()
        for module in network.modules()
    ]
    try:
        with torch.no_grad():
            call()
    finally:
        for hook in hooks:
            hook.remove()
    smaller = copy.copy(recipe)
    smaller._modules = {name: n for name, n in recipe.named_children() if name in used_names}
    return smaller


def output_differences(model: ExportedModel, network: Network) -> list[Difference]:
    """Return the largest difference of outputs for each of three batches of random inputs.

    The batches have one, two and three images; input images have another size in each batch.
    """
    differences = []
    for number, size in enumerate(sizes_to_compare(model.geometry), start=1):
        generator = torch.Generator().manual_seed(number)
        if model.inputs:
            inputs = [random_input(each, number, generator) for each in model.inputs]
        else:
            inputs = [torch.rand(number, model.channels, *size, generator=generator) * 2 - 1]
        with torch.no_grad():
            expected = model.network(*inputs).numpy()
        actual = network(*(each.numpy() for each in inputs))
        has_shape = actual.shape == expected.shape
        value = float(np.abs(actual - expected).max()) if has_shape else float("inf")
        height, width = expected.shape[2:] if model.inputs else size
        differences.append(Difference((height, width), value))
    return differences


def random_input(each: NetworkInput, count: int, generator: torch.Generator) -> Tensor:
    """Return random values of an input of a network that generates `count` images."""
    shape = (count, *each.shape)
    if each.values:
        integers = torch.randint(each.values, shape, generator=generator)
        return integers.to(getattr(torch, each.dtype))
    return torch.randn(shape, generator=generator)


def sizes_to_compare(geometry: Geometry) -> tuple[tuple[int, int], ...]:
    """Return a square, a wide and a tall size, (height, width), odd if the network allows."""
    side, step = geometry.fit(64), geometry.multiple_of
    larger = geometry.fit(side + 1)
    return (side, side), (larger, larger + step), (larger + 2 * step, side)
