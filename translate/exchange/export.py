"""Write a model as a file of another program, after a comparison of their outputs."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from translate.engine.disk import files
from translate.engine.inference import calls
from translate.engine.inference.model import Model, load
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes.signals import reraise_interruption
from translate.errors import ConfigError, SaveError, describe_error
from translate.exporters import ExportedModel, Exporter
from translate.nn.geometry import Geometry
from translate.recipe import Recipe
from translate.registry import create, names

TOLERANCE = 1e-4
"""the largest difference of outputs in [-1, 1] that is accepted: 1/80 of a level of 8 bits"""


class Difference(NamedTuple):
    """The largest difference of an output of the file from that of the model."""

    size: tuple[int, int]
    value: float


class Translation(nn.Module):
    """The translation of a recipe to one domain, as a network."""

    def __init__(self, recipe: Recipe, to: str) -> None:
        super().__init__()
        self.recipe, self.to_domain = recipe, to

    def forward(self, images: Tensor) -> Tensor:
        return self.recipe.translate(images, to=self.to_domain)


def export_model(run: str | Path, file: Path, *, to: str | None = None) -> list[Difference]:
    """Write the model of a run as `file`, by the exporter of its suffix.

    Args:
        run: A run folder, ``RUN@STEP``, ``RUN@best`` or a checkpoint folder.
        file: The file to write, which must not exist.
        to: The domain to translate to; None: the last one of the run.

    Returns:
        The difference of the outputs at two sizes.

    Raises:
        ConfigError: No exporter has the suffix, or the model cannot be exported.
        SaveError: The file cannot be written.
    """
    name, exporter = _exporter(file)
    if file.exists():
        raise ConfigError(f"{file} already exists: choose another name, or delete it.")
    model, _ = load(run, device="cpu")
    exported = describe(model, model.choose(to))
    refused = f"{run} cannot be exported by {name}: "
    try:
        data = exporter.write(exported)
        differences = compare(exported, exporter.load(data))
    except Exception as error:  # a compiler may raise anything
        reraise_interruption(error)
        reason = str(error)
        if not isinstance(error, ConfigError):
            cause = f"{describe_error(error):.300}".removesuffix(".")
            reason = (
                f"{cause}. Expected a recipe whose translate consists of "
                "operations of PyTorch, with the same ones for every image."
            )
        raise ConfigError(refused + reason) from error
    worst = max(differences, key=lambda difference: difference.value)
    if not worst.value <= TOLERANCE:
        raise ConfigError(
            f"{refused}its outputs differ by {worst.value:.2g} at {worst.size[0]}x{worst.size[1]}; "
            f"expected at most {TOLERANCE:g}."
        )
    try:
        files.replace(file, data)
    except OSError as error:
        raise SaveError(f"could not write {file}: {error.strerror or error}.") from error
    return differences


def _exporter(file: Path) -> tuple[str, Exporter]:
    """Return the exporter of the suffix of `file`, with its name."""
    exporters: dict[str, Exporter] = {name: create("exporter", name) for name in names("exporter")}
    for name, exporter in exporters.items():
        if exporter.suffix == file.suffix:
            return name, exporter
    known = ", ".join(f"{e.suffix} ({name})" for name, e in exporters.items())
    raise ConfigError(f"{file}: no exporter writes {file.suffix or 'this name'}. Expected {known}.")


def describe(model: Model, to: str) -> ExportedModel:
    """Return the translation of a model to a domain, with what a user of its file needs to know.

    Raises `ConfigError` if images alone are not enough for it.
    """
    recipe, geometry = model.recipe, model.geometry
    for needed, what in (
        (recipe.takes_mask, "masks"),
        (calls.takes_noise(recipe.translate), "noise"),
    ):
        if needed:
            raise ConfigError(
                f"{model.name}: its recipe {model.method} takes {what}: expected a recipe that "
                "takes images alone."
            )
    source, target = model.source_and_target(to)
    metadata: dict[str, Any] = {
        "recipe": model.method,
        "step": model.step,
        "checkpoint": model.digest,
        "source": _domain(source),
        "target": _domain(target),
        "tensors": {"layout": "NCHW", "range": [-1, 1]},
        "sides": {"multiple_of": geometry.multiple_of, "minimum": geometry.minimum},
        "scale": geometry.scale,
    }
    return ExportedModel(
        network=Translation(without_unused_networks(recipe, source.channels, to), to).eval(),
        channels=source.channels,
        geometry=geometry,
        metadata=metadata,
    )


def without_unused_networks(recipe: Recipe, channels: int, to: str) -> Recipe:
    """Return a copy of `recipe` that shares the networks of a translation, and has no others."""
    used: set[str] = set()
    hooks = [
        module.register_forward_pre_hook(lambda *_, name=name: used.add(name))
        for name, network in recipe.named_children()
        for module in network.modules()
    ]
    try:
        side = recipe.geometry.fit(64)
        with plugin_code(recipe, "translate"):
            recipe.translate(torch.zeros(1, channels, side, side), to=to)
    finally:
        for hook in hooks:
            hook.remove()
    smaller = copy.copy(recipe)
    smaller._modules = {name: n for name, n in recipe.named_children() if name in used}
    return smaller


def _domain(domain: Any) -> dict[str, Any]:
    return {"name": domain.name, "channels": domain.channels, "range": list(domain.range)}


def compare(model: ExportedModel, loaded: Callable[[Tensor], Tensor]) -> list[Difference]:
    """Return the differences at the smallest usual size, and at a larger one that is no square."""
    differences = []
    for number, size in enumerate(_sizes(model.geometry), start=1):
        generator = torch.Generator().manual_seed(number)
        images = torch.rand(number, model.channels, *size, generator=generator) * 2 - 1
        with torch.no_grad():
            expected, found = model.network(images), loaded(images)
        same = found.shape == expected.shape
        value = float((found - expected).abs().max()) if same else float("inf")
        differences.append(Difference(size, value))
    return differences


def _sizes(geometry: Geometry) -> tuple[tuple[int, int], tuple[int, int]]:
    side = geometry.fit(64)
    larger = geometry.fit(side + 1)
    return (side, side), (larger, larger + geometry.multiple_of)
