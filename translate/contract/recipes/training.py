"""Rules of the contract for the training of a recipe."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from translate.contract.attributes import assignment, attributes, differing_names, shared_numbers
from translate.contract.recipes.subject import STEPS, Subject, state
from translate.contract.rules import RuleError, record_io, require, require_equal, require_no_io
from translate.engine.checkpoints.state import TrainingState
from translate.engine.training.progress.preview import draw_preview
from translate.errors import short_repr
from translate.recipe import Turn

STATE_RULE = (
    "state that a step keeps belongs in a parameter, a buffer (register_buffer) or "
    "training_state()."
)


def constructor_does_no_io(subject: Subject) -> None:
    """Read no file and no network in a constructor, and give one seed equal weights."""
    with record_io() as accesses:
        first = subject.make()
    require_no_io(accesses, first)
    require_equal(
        first.state_dict(),
        subject.make().state_dict(),
        "{} differs: draw from the global generators of torch, numpy or random.",
    )


def takes_turns(subject: Subject) -> None:
    """Yield turns, outside of `no_grad` and `autocast`, with finite losses and gradients."""
    for result in subject.train(subject.build(), 3):
        require(result.losses, "It yielded nothing: yield Turn(player, name=loss).")
        gradients = {f"the gradient of {name!r}": norm for name, norm in result.norms.items()}
        for name, number in (result.losses | gradients).items():
            require(number.isfinite(), f"At 2 random images, {name} is {float(number)}.")


def moves_one_player(subject: Subject) -> None:
    """Move no weights but the yielded player's from one yield to the next, and move each player."""
    training = subject.build()
    recipe, step = training.recipe, training.recipe.step
    players = {
        player: {id(p) for group in optimizer.param_groups for p in group["params"]}
        for player, optimizer in training.optimizers.items()
    }
    own = {id(p) for p in recipe.parameters()}
    for player, weights in players.items():
        require(
            weights <= own,
            f"{player!r} has weights that are not part of the recipe, and so would "
            "not be saved: make their network an attribute.",
        )
    moved: set[str] = set()

    def find_moved(player: str, before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        after = {name: p.detach().clone() for name, p in recipe.named_parameters()}
        for name, parameter in recipe.named_parameters():
            if name in before and not torch.equal(before[name], after[name]):
                when = f"in the turn of {player!r}" if player else "before the first turn"
                require(id(parameter) in players.get(player, ()), f"{name} moved {when}.")
                moved.add(player)
        return after

    def observed_step(batch: Any) -> Iterator[Turn]:
        player, before = "", find_moved("", {})
        for turn in step(batch):
            before = find_moved(player, before)
            player = turn.player
            yield turn
        find_moved(player, before)

    with mock.patch.object(recipe, "step", observed_step):
        while moved < players.keys() and training.step < STEPS:
            subject.train(training, 1)
    idle = ", ".join(sorted(players.keys() - moved))
    require(
        not idle, f"In {STEPS} steps nothing of {idle} moved: does its loss come from its weights?"
    )


def survives_saving(subject: Subject) -> None:
    """Survive save and load: weights, moving average, optimizers and training state."""
    training = subject.build()
    subject.train(training, 2)
    expected = state(training)
    require_equal(expected, state(subject.reload(training)), "{} is not what was saved.")


def resumes_exactly(subject: Subject) -> None:
    """Resume exactly: a run that is saved, loaded and continued equals an uninterrupted one."""
    straight = subject.build()
    before = shared_numbers(straight.recipe)
    subject.train(straight, 4)
    moved = differing_names(before, shared_numbers(straight.recipe))
    message = f"{', '.join(moved)} changed while training: keep it in the recipe, in a buffer."
    require(not moved, f"{message} {STATE_RULE}")
    expected = state(straight)
    stopped = subject.build()
    subject.train(stopped, 2)
    resumed = subject.reload(stopped)
    subject.train(resumed, 2)
    _require_equal_attributes(subject, straight, resumed)
    require_equal(expected, state(resumed), f"{{}} differs: {STATE_RULE}")


def _require_equal_attributes(
    subject: Subject, uninterrupted: TrainingState, after_resume: TrainingState
) -> None:
    """Require that no plain attribute differs after the resume."""
    ours, theirs = attributes(uninterrupted.recipe), attributes(after_resume.recipe)
    if not (moved := differing_names(ours, theirs)):
        return
    repeated = subject.build()  # values that differ between equal runs, such as times, are no state
    subject.train(repeated, 4)
    random = differing_names(ours, attributes(repeated.recipe))
    if lost := [name for name in moved if name not in random]:
        listed = [f"{n} differs{_versus(theirs.get(n), ours.get(n))}" for n in lost[:3]]
        place = assignment(uninterrupted.recipe, lost[0])
        raise RuleError(f"After a resume, {'; '.join(listed)}: {STATE_RULE}", place)


def _versus(actual: Any, expected: Any) -> str:
    """Return both values for a message, if they are scalars; otherwise ""."""
    values = (actual, expected)
    if any(isinstance(value, Tensor) and value.numel() != 1 for value in values):
        return ""
    one, other = (value.item() if isinstance(value, Tensor) else value for value in values)
    return f" ({short_repr(one)} instead of {short_repr(other)})"


def preview_has_no_side_effects(subject: Subject) -> str | None:
    """Preview named rows of images, (N, C, H, W), without side effects."""
    training = replace(subject.build(), average=None)  # it would draw the preview instead
    subject.train(training, 1)
    before = state(training), [part.training for part in training.recipe.modules()]
    rows = draw_preview(training, subject.batch(0))
    is_named = isinstance(rows, Mapping) and all(isinstance(name, str) for name in rows)
    require(is_named, f"It returned {type(rows).__name__}: return a dict of rows by their names.")
    require_equal(before[0], state(training), "{} has changed afterwards.")
    modes = [part.training for part in training.recipe.modules()]
    require(modes == before[1], "The training mode of a part has changed afterwards.")
    for name, row in rows.items():
        is_images = isinstance(row, Tensor) and row.ndim == 4
        shape = tuple(getattr(row, "shape", ()))
        require(is_images, f"The row {name!r} is {type(row).__name__} {shape}, not (N, C, H, W).")
        require(row.isfinite().all(), f"The row {name!r} is not finite.")
    return None if rows else "it draws none"
