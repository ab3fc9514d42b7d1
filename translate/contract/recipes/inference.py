"""The rules of recipes at inference: translation, and generation of images from noise."""

from collections.abc import Iterator

import torch
from torch import Tensor

from translate.batches import ImageSpec
from translate.contract.recipes.subject import RecipeSubject
from translate.contract.rules import random_pixels, require, require_equal
from translate.engine.models.calls import complete_options
from translate.engine.models.model import translate_batch
from translate.recipe import Recipe

SIZES = ((1, 1), (5, 7), (33, 20))
"""heights and widths of images to translate"""


def names_its_targets(subject: RecipeSubject) -> str | None:
    """Return from `targets` a tuple of domains that it was trained on."""
    recipe = subject.build().recipe
    if not recipe.overrides(Recipe.translate):
        return "it does not translate"
    for source in subject.spec.names:
        targets = recipe.targets(source)
        valid = isinstance(targets, tuple) and set(targets) <= set(subject.spec.names)
        require(valid, f"targets({source!r}) returned {targets!r}: expected some of self.domains.")
    return None


def translates_any_size(subject: RecipeSubject) -> str | None:
    """Translate images of any size from 1x1, to `geometry.scale` times the size."""
    recipe = subject.build().recipe.eval()
    scale = recipe.geometry.scale
    for to, channels, output_channels in _directions(subject, recipe):
        for height, width in SIZES:
            try:
                output = translate_batch(recipe, random_pixels(1, channels, height, width), to)
            except Exception as error:
                raise AssertionError(
                    f"To {to!r}, {height}x{width} raised {type(error).__name__}: {error} "
                    "Does its geometry have the sizes that it takes?"
                ) from error
            shape = tuple(output.shape)
            expected = (1, output_channels, scale * height, scale * width)
            require(shape == expected, f"To {to!r}, it returned {shape} instead of {expected}.")
            message = f"To {to!r}, the output for {height}x{width} is not finite."
            require(output.isfinite().all(), message)
    return None if _directions(subject, recipe) else "it does not translate"


def is_independent_of_batch(subject: RecipeSubject) -> str | None:
    """Translate an image to the same result, up to 1/255, in any batch, without side effects."""
    training = subject.build()
    subject.train(training, 2)
    recipe = training.recipe.eval()
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    for to, channels, _ in _directions(subject, recipe):
        images = random_pixels(3, channels, *subject.spec.size)
        images[1] *= 0.2  # with other statistics
        together = translate_batch(recipe, images, to)
        single_outputs = torch.cat([translate_batch(recipe, image[None], to) for image in images])
        difference = float((together - single_outputs).abs().max())
        require(
            difference <= 1 / 255,
            f"To {to!r}, other images of the batch, or a repetition, change an output by "
            f"{difference:.3f}: is batch norm in training mode, or dropout on?",
        )
    require_equal(before, recipe.state_dict(), "Translating changed {}.")
    return None if _directions(subject, recipe) else "it does not translate"


def draws_trained_size(subject: RecipeSubject) -> str | None:
    """Draw images of the training size in [-1, 1] for every condition, equal for equal latents."""
    training = subject.build()
    recipe = training.recipe
    if not recipe.overrides(Recipe.draw):
        return "it does not draw"
    subject.train(training, 2)
    recipe.eval()
    latents, equal_seed, other_seed = (
        recipe.latents(3, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    message = f"latents(3) are {tuple(latents.shape)} on {latents.device}."
    require(latents.device.type == "cpu" and len(latents) == 3, message)
    message = "latents returned different values for equal generators."
    require(torch.equal(latents, equal_seed), message)
    require(not torch.equal(latents, other_seed), "latents does not depend on its generator.")
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    with torch.inference_mode():
        for label, condition in _conditions(recipe, subject.spec):
            _test_generation(recipe, subject.spec, latents, label, condition)
    require_equal(before, recipe.state_dict(), "Drawing changed {}.")
    return None


def _test_generation(
    recipe: Recipe, spec: ImageSpec, latents: Tensor, label: str, condition: Tensor | None
) -> None:
    """Draw three images in a batch, alone, and on a walk; `label` names the condition."""
    together = recipe.draw(latents, condition)
    shape = (3, spec.target.channels, *spec.size)
    require(together.shape == shape, f"{label}: {tuple(together.shape)} instead of {shape}.")
    in_range = together.isfinite().all() and together.abs().max() <= 1
    require(in_range, f"{label}: it is not in [-1, 1].")
    conditions = condition.split(1) if condition is not None else (None,) * 3
    single_outputs = torch.cat([*map(recipe.draw, latents.split(1), conditions)])
    difference = float((together - single_outputs).abs().max())
    message = f"{label}: other images of the batch change an output by {difference:.3f}."
    require(difference <= 1 / 255, message)
    options = complete_options(recipe.draw, {}, label)
    for row in recipe.walk(3, torch.Generator().manual_seed(1), conditions[0], **options):
        message = f"{label}: a row of walk(3) is {tuple(row.shape)} instead of {shape}."
        require(row.shape == shape, message)


def _conditions(recipe: Recipe, spec: ImageSpec) -> Iterator[tuple[str, Tensor | None]]:
    """Yield each condition of `draw`, repeated for three images, with a name for messages."""
    for index, name in enumerate(recipe.conditions()):
        yield f"Of class {name!r}", torch.full((3,), index)
    if spec.text_length:
        yield "Of a text", torch.full((3, spec.text_length), ord("a"), dtype=torch.uint8)
    elif not recipe.conditions():
        yield "From noise", None


def _directions(subject: RecipeSubject, recipe: Recipe) -> list[tuple[str, int, int]]:
    """Return each domain that `recipe` translates to, with its input and output channels."""
    if not recipe.overrides(Recipe.translate):
        return []
    directions: dict[str, tuple[str, int, int]] = {}
    channels = {domain.name: domain.channels for domain in subject.spec.domains}
    for source in subject.spec.domains:
        for to in recipe.targets(source.name):
            inputs = source.channels + int(recipe.takes_mask)
            directions.setdefault(to, (to, inputs, channels[to]))
    return list(directions.values())
