"""Translators of recipes with random weights, and of a recipe that tints images."""

from typing import Any

import torch
from tint_recipe import SPEC, Tint

from translate.api import Translator
from translate.contract.kinds import small_options
from translate.engine.models.model import Model
from translate.registry import create_recipe


def random_translator(name: str, **options: Any) -> Translator:
    """Return a translator of the recipe `name` with tiny networks and random weights."""
    torch.manual_seed(0)
    recipe = create_recipe({"name": name, **small_options("recipe", name), **options}, spec=SPEC)
    recipe.eval().requires_grad_(False)
    return Translator._of(Model(name, name, SPEC, recipe=recipe))


def tinting_translator(*, unscaled: bool = False, **args: Any) -> Translator:
    """Return a translator that tints its inputs."""
    recipe = Tint(**args)
    return Translator._of(Model("runs/t", "t", SPEC, recipe=recipe, unscaled=unscaled))
