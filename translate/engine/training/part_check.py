"""Parts that do not fit a recipe, found before a run folder is made.

A recipe takes its first step on PyTorch's meta device; see
`translate.engine.training.shape_check`. Where that fails with the parts that are configured, and
succeeds with the recipe's own in their place, a part does not fit: a network of another shape, or
a loss of the other kind. What may fail for want of numbers is tried once more on the device to
train on, and counts only if it fails there, too.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import torch

from translate.batches import Layout
from translate.engine.config.parts import part_kind, part_name
from translate.engine.config.schema import Config
from translate.engine.data.blank import META
from translate.engine.plugins.errors import reason
from translate.engine.system import signatures
from translate.engine.training import shape_check
from translate.errors import ConfigError, PluginError, TranslateError
from translate.registry import Kind, find, names

MOST = 8
"""parts that a message names"""
LONGEST = 300
"""characters of a reason that a message shows"""


Found: TypeAlias = shape_check.Failure | shape_check.Refusal | Exception


class Swapped(NamedTuple):
    """A part that is given in the place of the recipe's own."""

    option: str
    kind: Kind
    default: Any


def expect_parts(asked: Config, layout: Layout, device: torch.device) -> None:
    """Raise `ConfigError` for a part in `options` with which the recipe cannot take a step.

    `device` is the one to train on.
    """
    swapped = _swapped(asked)
    if not swapped or (found := _found(asked, layout, META)) is None:
        return
    if isinstance(found, shape_check.Refusal):
        return  # the constructor has words for it
    if isinstance(found, shape_check.Failure) and shape_check.sufficient(
        asked, layout, found, turns=None
    ):
        return  # a matter of the size
    at_fault = _at_fault(asked, layout, swapped, META)
    if (found := _found(asked, layout, device)) is None:
        return  # it was for want of numbers
    if not (at_fault := at_fault or _at_fault(asked, layout, swapped, device)):
        return
    option, kind, default = at_fault[0]
    given, usual = part_name(asked.options[option]), part_name(default)
    others = [n for n in names(kind) if n != usual and _fits(asked, layout, option, {"name": n})]
    fits = ", ".join([usual, *others][:MOST]) + ", ..." * (len(others) >= MOST)
    raise ConfigError(
        f"options.{option}: {given!r} does not fit {asked.recipe}: "
        f"{_other_use(kind, given, usual) or _said(found)}. Expected {fits}: "
        f"--set options.{option}={usual}, or see: translate show {asked.recipe}"
    )


def _swapped(asked: Config) -> list[Swapped]:
    known = signatures.read(find("recipe", asked.recipe), ["spec"])
    found = []
    for name, given in asked.options.items():
        option = known.get(name)
        kind = part_kind(option) if option and given is not None else None
        if option and kind and part_name(given) != part_name(option.default):
            found.append(Swapped(name, kind, option.default))
    return found


def _at_fault(
    asked: Config, layout: Layout, swapped: Sequence[Swapped], device: torch.device
) -> list[Swapped]:
    """Return which of the parts `swapped` alone keep a step from succeeding."""
    return [s for s in swapped if _fits(asked, layout, s.option, s.default, device)]


def _fits(
    asked: Config, layout: Layout, option: str, part: Any, device: torch.device = META
) -> bool:
    """Tell whether a step succeeds with another `part`."""
    changed = asked.model_copy(update={"options": {**asked.options, option: part}})
    return _found(changed, layout, device) is None


def _found(asked: Config, layout: Layout, device: torch.device) -> Found | None:
    """Return what ends the first step."""
    size, count = asked.data.crop, shape_check.batch_size(asked)
    return shape_check.failure(asked, layout, size, count, device, turns=None)


def _other_use(kind: Kind, given: str, usual: str) -> str:
    """Return that a loss is adversarial, or compares images, where the usual one does the other."""
    uses = [hasattr(find(kind, name), "for_discriminator") for name in (given, usual)]
    if kind != "loss" or uses[0] == uses[1]:
        return ""
    return "it is an adversarial loss" if uses[0] else "it is no adversarial loss"


def _said(found: Found) -> str:
    """Return in one line what was found, without the words of an error in a plugin."""
    if isinstance(found, shape_check.Failure):
        return found.said.rstrip(".")
    error = found.error if isinstance(found, shape_check.Refusal) else found
    cause = error.__cause__ if isinstance(error, PluginError) and error.__cause__ else error
    words = str(cause) if isinstance(cause, TranslateError) else reason(cause)
    return (words if len(words) <= LONGEST else f"{words[:LONGEST]} ...").rstrip(".")
