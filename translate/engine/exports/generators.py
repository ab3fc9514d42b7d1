"""Exports the method `draw` of a recipe, which generates images, and loads such files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from translate.batches import ImageSpec
from translate.engine.exports.exporting import make_record, random_input, without_unused_networks
from translate.engine.exports.torch_free import files
from translate.engine.exports.torch_free.file_model import load_network
from translate.engine.exports.torch_free.record import Generation, LatentPart
from translate.engine.models import calls
from translate.engine.models.generation import classes
from translate.engine.models.model import Model
from translate.engine.plugins.errors import plugin_code
from translate.errors import ConfigError, TranslateError, describe_error
from translate.exporters import ExportedModel, Network, NetworkInput
from translate.nn.geometry import Geometry
from translate.nn.latents import JointPrior, Prior
from translate.recipe import Recipe, Turn


class Generator(nn.Module):
    """A recipe's `draw` as a module, from latents and conditions to images (N, C, H, W)."""

    def __init__(self, recipe: Recipe, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.recipe, self.options = recipe, dict(options)

    def forward(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.recipe.draw(latents, condition, **self.options)


def describe(model: Model, options: Mapping[str, Any]) -> ExportedModel:
    """Return the recipe's `draw` as a module, with its inputs and metadata, for an exporter.

    The model is on the CPU. All options of `draw`, as in `options`, are fixed in the file. Raises
    `ConfigError` if the recipe does not generate images, or draws noise besides the latents.
    """
    recipe, spec = model.recipe, model.spec
    if not model.draws:
        raise ConfigError(
            f"{model.name}: its recipe {model.recipe_name} does not generate images from latents. "
            "A translation is exported without --sample."
        )
    if calls.takes_noise(recipe.draw):
        raise ConfigError(
            f"{model.name}: its recipe {model.recipe_name} draws noise in addition to the "
            "latents, which an exported file cannot: expected a recipe that takes only latents."
        )
    with plugin_code(recipe, "latents"):
        shape = tuple(recipe.latents(1, torch.Generator().manual_seed(0)).shape[1:])
    parts = recipe.prior.parts if recipe.prior and not recipe.overrides(Recipe.latents) else ()
    generation = Generation(
        latents=shape,
        prior=tuple(LatentPart(distribution=part.name, dim=part.dim) for part in parts),
        classes=() if spec.text_length else classes(model),
        text_length=spec.text_length,
    )
    inputs = network_inputs(generation)
    examples = [random_input(each, 2, torch.Generator().manual_seed(0)) for each in inputs]
    with plugin_code(recipe, "draw"):
        smaller = without_unused_networks(recipe, lambda: recipe.draw(*examples, **options))
    record = make_record(
        model,
        smaller,
        options,
        source=spec.target,
        target=spec.target,
        geometry=Geometry(),
        size=spec.size,
        whole_image="it generates images",
        generation=generation,
    )
    network = Generator(smaller, options).eval()
    return ExportedModel(
        network=network, channels=0, geometry=Geometry(), metadata=record.json(), inputs=inputs
    )


def network_inputs(generation: Generation) -> tuple[NetworkInput, ...]:
    """Return the inputs of the module: latents, and the class or text of each image, if any."""
    latents = NetworkInput("latents", generation.latents, "float32")
    if generation.text_length:
        return latents, NetworkInput("condition", (generation.text_length,), "uint8", 256)
    if generation.classes:
        return latents, NetworkInput("condition", (), "int64", len(generation.classes))
    return (latents,)


class FileGenerator(Recipe[Any]):
    """A recipe with the network of an exported file as `draw`.

    Equal random seeds give the same latents as in the exported recipe.
    """

    def __init__(self, name: str, generation: Generation, network: Network) -> None:
        super().__init__()
        self._name, self._generation, self._network = name, generation, network
        if generation.prior:
            parts = (Prior(part.distribution, dim=part.dim) for part in generation.prior)
            self.prior = JointPrior(tuple(parts))

    def optimizers(self) -> dict[str, Optimizer]:
        raise TranslateError(f"{self._name} is an exported file, which cannot be trained.")

    def step(self, batch: Any) -> Iterator[Turn]:  # noqa: ARG002
        raise TranslateError(f"{self._name} is an exported file, which cannot be trained.")

    def latents(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        if self.prior is None:
            raise ConfigError(
                f"{self._name}: the file does not contain the distribution of latents, which its "
                "recipe defines in code. Generate images with the run: translate sample RUN OUT"
            )
        return super().latents(count, generator)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        inputs = [latents] if condition is None else [latents, condition]
        try:
            images = self._network(*(np.ascontiguousarray(each.numpy()) for each in inputs))
        except Exception as error:  # inference engines may raise anything
            raise TranslateError(f"{self._name}: {describe_error(error):.300}") from error
        return torch.from_numpy(images)

    def conditions(self) -> tuple[str, ...]:
        return self._generation.classes


def load_generator(path: Path, *, device: str = "auto") -> Model:
    """Return the model in an exported file or folder that generates images.

    Raises `ConfigError` if it cannot be loaded, or translates images.
    """
    exporter, content = files.open_exported(path, device)
    network, record = load_network(str(path), exporter, content)
    if record.generation is None:
        raise ConfigError(
            f"{path} translates images, and does not generate any: expected a file of `translate "
            f"export --sample`. To translate images: translate infer {path} SOURCE OUT"
        )
    return Model(
        str(path),
        files.digest_of(content),
        ImageSpec(record.size, (record.target,), text_length=record.generation.text_length),
        recipe_name=record.recipe,
        step=record.step,
        recipe=FileGenerator(str(path), record.generation, network),
    )
