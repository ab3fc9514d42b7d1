"""The rules of recipes in training: turns, updates, checkpoints and previews."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from translate.contract.attributes import (
    attributes,
    class_and_global_numbers,
    differing_names,
    find_assignment,
)
from translate.contract.recipes.subject import STEPS, RecipeSubject, training_tensors
from translate.contract.rules import RuleError, record_io, require, require_equal, require_no_io
from translate.engine.checkpoints.state import TrainingState
from translate.engine.training.monitoring.preview import draw_preview
from translate.errors import short_repr
from translate.recipe import Turn

STATE_RULE = (
    "state that a step keeps belongs in a parameter, a buffer (register_buffer) or "
    "training_state()."
)


def constructor_does_no_io(subject: RecipeSubject) -> None:
    """Read no file and open no connection in the constructor; equal seeds give equal weights."""
    with record_io() as accesses:
        first = subject.make()
    require_no_io(accesses, first)
    require_equal(
        first.state_dict(),
        subject.make().state_dict(),
        "{} differs: draw from the global generators of torch, numpy or random.",
    )


def takes_turns(subject: RecipeSubject) -> None:
    """Yield turns, outside of `no_grad` and `autocast`, with finite losses and gradients."""
    for result in subject.train(subject.build(), 3):
        require(result.losses, "It yielded nothing: yield Turn(player, name=loss).")
        gradients = {f"the gradient of {name!r}": norm for name, norm in result.norms.items()}
        for name, number in (result.losses | gradients).items():
            require(number.isfinite(), f"At 2 random images, {name} is {float(number)}.")


def updates_one_player(subject: RecipeSubject) -> None:
    """Update no other player's weights than the yielded one's, and update every player."""
    training = subject.build()
    recipe, step = training.recipe, training.recipe.step
    players = {
        player: {id(p) for group in optimizer.param_groups for p in group["params"]}
        for player, optimizer in training.optimizers.items()
    }
    saved_ids = {id(p) for p in recipe.parameters()}
    for player, weights in players.items():
        require(
            weights <= saved_ids,
            f"{player!r} has weights that are not in the recipe, so that they are not saved: make "
            "their network an attribute.",
        )
    updated, violations = set[str](), list[str]()
    optimized = set[int]().union(*players.values())

    def find_updates(player: str, before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compare the weights with those `before` the turn of `player`, and return copies."""
        after = {name: p.detach().clone() for name, p in recipe.named_parameters()}
        for name, parameter in recipe.named_parameters():
            if name in before and not torch.equal(before[name], after[name]):
                when = f"in the turn of {player!r}" if player else "before the first turn"
                if id(parameter) in players.get(player, ()):
                    updated.add(player)
                elif id(parameter) in optimized:  # a recipe may average weights into other weights
                    violations.append(f"{name} changed {when}.")
        return after

    def observed_step(batch: Any) -> Iterator[Turn]:
        player, before = "", find_updates("", {})
        for turn in step(batch):
            before = find_updates(player, before)
            player = turn.player
            yield turn
        find_updates(player, before)

    with mock.patch.object(recipe, "step", observed_step):
        while not violations and updated < players.keys() and training.step < STEPS:
            subject.train(training, 1)
    require(not violations, "".join(violations[:1]))
    unchanged = ", ".join(sorted(players.keys() - updated))
    require(
        not unchanged,
        f"In {STEPS} steps no weight of {unchanged} changed: does its loss depend on its weights?",
    )


def saves_all_state(subject: RecipeSubject) -> None:
    """Save and restore weights, moving average, optimizers and training state."""
    training = subject.build()
    subject.train(training, 2)
    expected = training_tensors(training)
    require_equal(
        expected, training_tensors(subject.reload(training)), "{} differs from what was saved."
    )


def resumes_exactly(subject: RecipeSubject) -> None:
    """Resume exactly: a run that is saved, loaded and continued equals an uninterrupted one."""
    reference = subject.build()
    before = class_and_global_numbers(reference.recipe)
    subject.train(reference, 4)
    changed_names = differing_names(before, class_and_global_numbers(reference.recipe))
    message = f"{', '.join(changed_names)} changed in training: make it a buffer of the recipe."
    require(not changed_names, f"{message} {STATE_RULE}")
    expected = training_tensors(reference)
    interrupted = subject.build()
    subject.train(interrupted, 2)
    resumed = subject.reload(interrupted)
    subject.train(resumed, 2)
    _require_equal_attributes(subject, reference, resumed)
    require_equal(expected, training_tensors(resumed), f"{{}} differs: {STATE_RULE}")


def _require_equal_attributes(
    subject: RecipeSubject, reference: TrainingState, resumed: TrainingState
) -> None:
    """Require that no attribute differs after a resume, unless equal runs differ in it."""
    expected, actual = attributes(reference.recipe), attributes(resumed.recipe)
    if not (differing := differing_names(expected, actual)):
        return
    second_training = subject.build()  # shows which attributes differ in any case, such as times
    subject.train(second_training, 4)
    not_reproducible = differing_names(expected, attributes(second_training.recipe))
    if lost_names := [name for name in differing if name not in not_reproducible]:
        differences = [
            f"{n} differs{_describe_values(actual.get(n), expected.get(n))}" for n in lost_names[:3]
        ]
        place = find_assignment(reference.recipe, lost_names[0])
        raise RuleError(f"After a resume, {'; '.join(differences)}: {STATE_RULE}", place)


def _describe_values(actual: Any, expected: Any) -> str:
    """Return both values for a message if they are scalars; else an empty string."""
    values = (actual, expected)
    if any(isinstance(value, Tensor) and value.numel() != 1 for value in values):
        return ""
    texts = (short_repr(v.item() if isinstance(v, Tensor) else v) for v in values)
    return f" ({' instead of '.join(texts)})"


def preview_has_no_side_effects(subject: RecipeSubject) -> str | None:
    """Preview named rows of images, (N, C, H, W), without side effects."""
    training = replace(subject.build(), average=None)  # so that previews use the recipe itself
    subject.train(training, 1)
    before = training_tensors(training)
    modes_before = [module.training for module in training.recipe.modules()]
    rows = draw_preview(training, subject.batch(0))
    is_named = isinstance(rows, Mapping) and all(isinstance(name, str) for name in rows)
    require(is_named, f"It returned {type(rows).__name__}: return a dict of rows by name.")
    require_equal(before, training_tensors(training), "{} has changed afterwards.")
    modes = [module.training for module in training.recipe.modules()]
    require(modes == modes_before, "The training mode of a module has changed afterwards.")
    for name, row in rows.items():
        is_images = isinstance(row, Tensor) and row.ndim == 4
        shape = tuple(getattr(row, "shape", ()))
        require(is_images, f"The row {name!r} is {type(row).__name__} {shape}, not (N, C, H, W).")
        require(row.isfinite().all(), f"The row {name!r} is not finite.")
    return None if rows else "it returns no rows"
