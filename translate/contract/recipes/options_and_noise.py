"""The rules of options and noise, the keyword arguments of `translate` and `draw`."""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Any, TypeAlias

import torch
from torch import Tensor

from translate.contract.recipes.subject import RecipeSubject
from translate.contract.rules import random_pixels, require
from translate.engine.models import calls
from translate.engine.models.model import translate_batch
from translate.errors import ConfigError
from translate.nn.noise import Noise, temporary_seed
from translate.recipe import Recipe
from translate.translator import Translator

SeededCall: TypeAlias = Callable[[int, Mapping[str, Any]], Tensor]
"""a function of a noise seed and options, which calls `translate` or `draw`"""


def declares_options(subject: RecipeSubject) -> None:
    """Give each option of `translate` and `draw` a default and an unused name."""
    recipe = subject.build().recipe
    methods = Translator.__call__, Translator.folder, Translator.sample
    used_names = {name for method in methods for name in signature(method).parameters} - {"options"}
    for call in (recipe.translate, recipe.draw):
        for name, option in calls.options_of(call).items():
            where = f"The option {name!r} of {call.__name__}"
            require(not option.required, f"{where} has no default: give it one.")
            message = f"{where} is an argument of Translator: choose another name."
            require(name not in used_names, message)


def draws_from_given_noise(subject: RecipeSubject) -> str | None:
    """Draw random numbers at inference only from the argument `noise`."""
    calls_with_noise = _calls_with_noise(subject)
    for name, call, other_options in calls_with_noise:
        with temporary_seed(0):
            first = call(0, {})
        with temporary_seed(1):
            second = call(0, {})
        difference = float((first - second).abs().max())
        require(difference <= 1 / 255, f"{name}: equal noise gives results that differ "
             f"by {difference:.3f}. Use noise.normal(shape), not torch.randn.")  # fmt: skip
        has_effect = any(
            not torch.equal(call(0, options), call(1, options)) for options in ({}, *other_options)
        )
        tried = ", with the default options or others" if other_options else ""
        message = f"{name}: the argument `noise` has no effect{tried}: remove the parameter."
        require(has_effect, message)
    return None if calls_with_noise else "it takes no noise"


def _other_options(call: calls.Call) -> list[dict[str, Any]]:
    """Return a set of options for each number or boolean, in which only this option is changed."""
    option_sets = []
    for name, option in calls.options_of(call).items():
        default = option.default
        if not isinstance(default, (int, float)):
            continue
        values = (not default,) if isinstance(default, bool) else (default + 1, default - 1)
        for value in values:
            try:
                option_sets.append(calls.complete_options(call, {name: value}, "the recipe"))
            except ConfigError:  # out of the option's range
                continue
            break
    return option_sets


def _calls_with_noise(subject: RecipeSubject) -> list[tuple[str, SeededCall, list[dict[str, Any]]]]:
    """Return the calls that take noise: their names, the functions, and other options to try."""
    named_calls: list[tuple[str, SeededCall, list[dict[str, Any]]]] = []
    spec, recipe = subject.spec, subject.build().recipe.eval()
    if calls.takes_noise(recipe.translate):
        channels = spec.source.channels + int(recipe.takes_mask)
        images = random_pixels(2, channels, *spec.size)
        options = _other_options(recipe.translate)
        named_calls += [
            (f"To {to!r}", partial(_translate, recipe, images, to), options)
            for to in recipe.targets(spec.source.name)
        ]
    if calls.takes_noise(recipe.draw):
        latents = recipe.latents(2, torch.Generator().manual_seed(0))
        options = _other_options(recipe.draw)
        named_calls.append(("Drawing", partial(_draw, recipe, latents), options))
    return named_calls


def _translate(
    recipe: Recipe, images: Tensor, to: str, seed: int, options: Mapping[str, Any]
) -> Tensor:
    return translate_batch(recipe, images, to, options=options, seed=seed)


def _draw(recipe: Recipe, latents: Tensor, seed: int, options: Mapping[str, Any]) -> Tensor:
    keywords = {**options, "noise": Noise(seed, ["first", "second"])}
    with torch.inference_mode():
        return recipe.draw(latents, None, **keywords)
