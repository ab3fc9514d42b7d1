"""Check that the configured networks and losses fit the recipe, before a run folder is made.

A recipe takes its first step on PyTorch's meta device; see `translate.engine.checks.shapes`. If the
step fails with a configured network or loss, and succeeds with the default of the recipe instead,
the network or loss does not fit. As the meta device cannot compute everything, the step must also
fail on the device to train on. Networks and losses are called parts here.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import torch

from translate.batches import Layout
from translate.engine.checks import shapes
from translate.engine.config.parts import is_adversarial, part_kind, part_name
from translate.engine.config.schema import Config
from translate.engine.system import signatures
from translate.errors import ConfigError, PluginError, TranslateError, describe_error
from translate.registry import Kind, find, names

MAX_NAMED = 8
"""largest number of parts that a message names"""
MAX_REASON = 300
"""largest number of characters of a reason in a message"""

Failure: TypeAlias = shapes.TooSmall | shapes.Refusal | Exception


class PartSwap(NamedTuple):
    """A configured part that is not the recipe's default."""

    option: str
    kind: Kind
    default: Any


def check_networks_and_losses(config: Config, layout: Layout, device: torch.device) -> None:
    """Raise `ConfigError` for a network or loss if the recipe cannot take a step with it.

    `device` is the device to train on.
    """
    swaps, trial = _swaps(config), shapes.Trial(config, layout, turns=None)
    if not swaps or (failure := trial.failure()) is None:
        return
    if isinstance(failure, shapes.Refusal):
        return  # building the recipe reports it
    if isinstance(failure, shapes.TooSmall) and trial.sufficient_multiple(failure):
        return  # the size is the cause
    faults, on_device = _faults(trial, swaps), replace(trial, device=device)
    if (failure := on_device.failure()) is None:
        return  # only the meta device could not compute it
    if not (faults := faults or _faults(on_device, swaps)):
        return
    option, kind, default = faults[0]
    configured, usual = part_name(config.options[option]), part_name(default)
    others = [n for n in names(kind) if n != usual and _succeeds(trial, option, {"name": n})]
    fitting = ", ".join([usual, *others][:MAX_NAMED]) + ", ..." * (len(others) >= MAX_NAMED)
    raise ConfigError(
        f"options.{option}: {configured!r} does not fit {config.recipe}: "
        f"{_loss_kind_difference(kind, configured, usual) or _reason(failure)}. Expected "
        f"{fitting}: --set options.{option}={usual}, or see: translate show {config.recipe}"
    )


def _swaps(config: Config) -> list[PartSwap]:
    """Return the configured parts that are not defaults."""
    options = signatures.read_options(find("recipe", config.recipe), ["spec"])
    swaps = []
    for name, value in config.options.items():
        option = options.get(name)
        kind = part_kind(option) if option and value is not None else None
        if option and kind and part_name(value) != part_name(option.default):
            swaps.append(PartSwap(name, kind, option.default))
    return swaps


def _faults(trial: shapes.Trial, swaps: Sequence[PartSwap]) -> list[PartSwap]:
    """Return the parts of `swaps` if a step succeeds with their default instead."""
    return [swap for swap in swaps if _succeeds(trial, swap.option, swap.default)]


def _succeeds(trial: shapes.Trial, option: str, part: Any) -> bool:
    """Return whether a step succeeds with another `part`."""
    options = {**trial.config.options, option: part}
    changed_config = trial.config.model_copy(update={"options": options})
    return replace(trial, config=changed_config).failure() is None


def _loss_kind_difference(kind: Kind, configured: str, usual: str) -> str:
    """Return a text if only one of two losses is adversarial, else ""."""
    if kind != "loss" or is_adversarial(configured) == is_adversarial(usual):
        return ""
    return f"it is {'an' if is_adversarial(configured) else 'no'} adversarial loss"


def _reason(failure: Failure) -> str:
    """Return the reason of a failure in one line, without the text that a plugin error adds."""
    if isinstance(failure, shapes.TooSmall):
        return failure.message.rstrip(".")
    error = failure.error if isinstance(failure, shapes.Refusal) else failure
    cause = error.__cause__ if isinstance(error, PluginError) and error.__cause__ else error
    text = str(cause) if isinstance(cause, TranslateError) else describe_error(cause)
    return (text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} ...").rstrip(".")
