"""The rules of the arguments of `translate` and `draw`: options and noise."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from translate.contract.recipes.subject import Subject
from translate.contract.rules import random_pixels, require
from translate.engine.models import calls
from translate.engine.models.model import translate_batch
from translate.nn.noise import Noise, temporary_seed
from translate.recipe import Recipe


def declares_options(subject: Subject) -> str | None:
    """Give each option of `translate` and `draw` a default and an unused name."""
    recipe = subject.build().recipe
    for call in (recipe.translate, recipe.draw):
        for name, option in calls.options_of(call).items():
            where = f"The option {name!r} of {call.__name__}"
            require(not option.required, f"{where} has no default: give it one.")
            require(
                name not in calls.ARGUMENTS,
                f"{where} is an argument of Translator: choose another name.",
            )
    return None


def draws_from_given_noise(subject: Subject) -> str | None:
    """Draw random numbers at inference from the argument `noise` alone."""
    recipe = subject.build().recipe.eval()
    last = None
    for name, call in _calls_with_noise(subject, recipe):
        with temporary_seed(0):
            first = call(0)
        with temporary_seed(1):
            second = call(0)
        worst = float((first - second).abs().max())
        require(worst <= 1 / 255, f"{name}: equal noise gives results that differ by {worst:.3f}. "
             "Draw with noise.normal(shape) instead of torch.randn.")  # fmt: skip
        require(
            not torch.equal(first, call(1)),
            f"{name}: it takes noise, and does not use it: remove the parameter.",
        )
        last = name
    return None if last else "it takes no noise"


def _calls_with_noise(
    subject: Subject, recipe: Recipe
) -> list[tuple[str, Callable[[int], Tensor]]]:
    """Return the calls of `recipe` that take noise, as functions of a seed, by name."""
    by_name: list[tuple[str, Callable[[int], Tensor]]] = []
    spec = subject.spec
    if calls.takes_noise(recipe.translate):
        channels = spec.source.channels + int(recipe.takes_mask)
        images = random_pixels(2, channels, *spec.size)
        by_name += [
            (f"To {to!r}", partial(_translate, recipe, images, to))
            for to in recipe.targets(spec.source.name)
        ]
    if calls.takes_noise(recipe.draw):
        latents = recipe.latents(2, torch.Generator().manual_seed(0))
        by_name.append(("Drawing", partial(_draw, recipe, latents)))
    return by_name


def _translate(recipe: Recipe, images: Tensor, to: str, seed: int) -> Tensor:
    return translate_batch(recipe, images, to, seed=seed)


def _draw(recipe: Recipe, latents: Tensor, seed: int) -> Tensor:
    keywords = {"noise": Noise(seed, ["first", "second"])}
    with torch.inference_mode():
        return recipe.draw(latents, None, **keywords)
