"""Learning-rate schedules: functions of the step, without state."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from torch.optim import Optimizer

from translate.engine.config.schema import Train
from translate.errors import ConfigError


def factor(step: int, steps: int, schedule: str, decay_from: float) -> float:
    """Return the factor of the initial learning rates at `step`, counted from 0.

    The factor is 1 for the fraction `decay_from` of the `steps`. Then it decays towards 0: linearly
    for ``linear``, as in the code of CycleGAN and pix2pix, but by steps instead of epochs; by half
    a cosine wave for ``cosine``. After the last step it is constant.
    """
    constant_steps = round(steps * decay_from)
    progress = max(0, min(step + 1, steps) - constant_steps) / (steps - constant_steps + 1)
    if schedule == "linear":
        return 1.0 - progress
    if schedule == "cosine":
        return 0.5 + 0.5 * math.cos(math.pi * progress)
    return 1.0


def player_factor(player: str, step: int, steps: int, train: Train) -> float:
    """Return the factor of one player's learning rates at `step`, from 0, of a run of `steps`.

    The factor of the schedule is multiplied by a linear warmup over ``train.warmup`` steps.
    """
    schedule = schedule_of(player, train)
    warmup = min(1.0, (step + 1) / train.warmup) if train.warmup else 1.0
    return warmup * factor(step, train.schedule_steps or steps, schedule, train.decay_from)


def schedule_of(player: str, train: Train) -> str:
    """Return the name of one player's schedule."""
    schedules = train.schedule
    return schedules if isinstance(schedules, str) else schedules.get(player, "constant")


def total_steps(train: Train, items: int) -> int:
    """Return the step at which training on a data set of `items` items ends."""
    if train.steps:
        return train.steps
    if train.epochs:
        return max(1, math.ceil(train.epochs * items / train.batch_size))
    raise ConfigError("the number of steps is not set: add --steps or --epochs.")


def set_rates(optimizers: Mapping[str, Optimizer], step: int, steps: int, train: Train) -> None:
    """Set the learning rates of all parameter groups for `step`, from 0, of `steps`."""
    for player, optimizer in optimizers.items():
        scale = player_factor(player, step, steps, train)
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * scale


def initial_rates(optimizers: Mapping[str, Optimizer]) -> dict[str, float]:
    """Return the initial learning rate of each player's first parameter group."""
    groups = {player: optimizer.param_groups[0] for player, optimizer in optimizers.items()}
    return {player: group.get("initial_lr", group["lr"]) for player, group in groups.items()}


class Schedule(NamedTuple):
    """The settings of a learning-rate schedule, except the initial rates."""

    steps: int
    """length of the run"""
    train: Train


def rate_changes(
    optimizers: Mapping[str, Optimizer],
    saved_optimizers: Mapping[str, Mapping[str, Any]],
    step: int,
    before: Schedule,
    now: Schedule,
) -> list[str]:
    """Return a message for each change of learning rates that a resume makes at `step`.

    Args:
        optimizers: The optimizer of each player, with the initial rates of the resumed run.
        saved_optimizers: The states of the optimizers in the checkpoint.
        step: The step of the checkpoint; 0: nothing has changed.
        before: The schedule of the checkpoint.
        now: The schedule of the resumed run.
    """
    players_by_line: dict[str, list[str]] = {}
    for player in optimizers.keys() & saved_optimizers.keys() if step else ():
        saved_group = saved_optimizers[player]["param_groups"][0]
        last_rate = saved_group["lr"]
        initial_rate = saved_group.get("initial_lr", last_rate)
        group = optimizers[player].param_groups[0]
        unchanged_rate = initial_rate * player_factor(player, step, *before)
        rate = group.get("initial_lr", group["lr"]) * player_factor(player, step, *now)
        if math.isclose(rate, unchanged_rate, rel_tol=1e-6):
            continue
        verb = "falls" if rate < last_rate else "goes back" if rate <= initial_rate else "rises"
        line = f"{verb} from {format_rate(last_rate)} to {format_rate(rate)}"
        if schedule_of(player, now.train) != "constant":
            line += f": the schedule now ends at step {now.train.schedule_steps or now.steps}"
            if verb == "goes back" and not now.train.schedule_steps and now.steps > before.steps:
                line += (
                    f"; --set train.schedule_steps={before.steps} keeps the schedule of "
                    f"{before.steps} steps"
                )
        players_by_line.setdefault(line, []).append(player)
    return [
        f"the learning rate {line}"
        if len(players) == len(optimizers)
        else f"the learning rate of {' and '.join(sorted(players))} {line}"
        for line, players in players_by_line.items()
    ]


def format_rate(rate: float) -> str:
    """Return a learning rate in scientific notation with two digits: ``4e-05``, ``1.8e-04``."""
    return f"{rate:.1e}".replace(".0e", "e")
