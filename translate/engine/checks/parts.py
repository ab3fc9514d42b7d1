"""Check that the configured networks and losses fit the recipe, before a run folder is made.

A recipe takes its first step on PyTorch's meta device; see
`translate.engine.checks.shapes`. If that fails with the configured parts, and succeeds with a
default in place of one, that part does not fit: a network with another shape, or a loss of the
other kind. As the meta device cannot compute everything, a failure must repeat on the device to
train on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import torch

from translate.batches import Layout
from translate.engine.checks import shapes
from translate.engine.config.parts import part_kind, part_name
from translate.engine.config.schema import Config
from translate.engine.system import signatures
from translate.errors import ConfigError, PluginError, TranslateError, describe_error
from translate.registry import Kind, find, names

MAX_NAMED = 8
"""largest number of parts that a message names"""
MAX_REASON = 300
"""largest number of characters of a reason in a message"""


Outcome: TypeAlias = shapes.Failure | shapes.Refusal | Exception


class PartSwap(NamedTuple):
    """A configured part that is not the recipe's default."""

    option: str
    kind: Kind
    default: Any


def expect_parts(config: Config, layout: Layout, device: torch.device) -> None:
    """Raise `ConfigError` for a part in `options` with which the recipe cannot take a step.

    `device` is the one to train on.
    """
    swapped, trial = _swaps(config), shapes.Trial(config, layout, turns=None)
    if not swapped or (outcome := trial.failure()) is None:
        return
    if isinstance(outcome, shapes.Refusal):
        return  # building the recipe reports it
    if isinstance(outcome, shapes.Failure) and trial.sufficient_multiple(outcome):
        return  # the size is the cause
    at_fault, on_device = _at_fault(trial, swapped), replace(trial, device=device)
    if (outcome := on_device.failure()) is None:
        return  # only the meta device could not compute it
    if not (at_fault := at_fault or _at_fault(on_device, swapped)):
        return
    option, kind, default = at_fault[0]
    configured, usual = part_name(config.options[option]), part_name(default)
    others = [n for n in names(kind) if n != usual and _fits(trial, option, {"name": n})]
    fits = ", ".join([usual, *others][:MAX_NAMED]) + ", ..." * (len(others) >= MAX_NAMED)
    raise ConfigError(
        f"options.{option}: {configured!r} does not fit {config.recipe}: "
        f"{_other_use(kind, configured, usual) or _reason(outcome)}. Expected {fits}: "
        f"--set options.{option}={usual}, or see: translate show {config.recipe}"
    )


def _swaps(config: Config) -> list[PartSwap]:
    declared = signatures.read_options(find("recipe", config.recipe), ["spec"])
    swapped = []
    for name, value in config.options.items():
        option = declared.get(name)
        kind = part_kind(option) if option and value is not None else None
        if option and kind and part_name(value) != part_name(option.default):
            swapped.append(PartSwap(name, kind, option.default))
    return swapped


def _at_fault(trial: shapes.Trial, swaps: Sequence[PartSwap]) -> list[PartSwap]:
    """Return the parts of `swaps` for which a step succeeds with their default instead."""
    return [swap for swap in swaps if _fits(trial, swap.option, swap.default)]


def _fits(trial: shapes.Trial, option: str, part: Any) -> bool:
    """Return whether a step succeeds with another `part`."""
    options = {**trial.config.options, option: part}
    changed = trial.config.model_copy(update={"options": options})
    return replace(trial, config=changed).failure() is None


def _other_use(kind: Kind, configured: str, usual: str) -> str:
    """Return how the kind of the configured loss differs from the default's, or ""."""
    uses = [hasattr(find(kind, name), "for_discriminator") for name in (configured, usual)]
    if kind != "loss" or uses[0] == uses[1]:
        return ""
    return "it is an adversarial loss" if uses[0] else "it is no adversarial loss"


def _reason(outcome: Outcome) -> str:
    """Return the reason of a failure in one line, without the text that a plugin error adds."""
    if isinstance(outcome, shapes.Failure):
        return outcome.message.rstrip(".")
    error = outcome.error if isinstance(outcome, shapes.Refusal) else outcome
    cause = error.__cause__ if isinstance(error, PluginError) and error.__cause__ else error
    text = str(cause) if isinstance(cause, TranslateError) else describe_error(cause)
    return (text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} ...").rstrip(".")
