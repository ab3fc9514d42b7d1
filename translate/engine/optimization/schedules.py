"""Learning-rate schedules: functions of the step, without state."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from torch.optim import Optimizer

from translate.engine.config.schema import Train
from translate.errors import ConfigError


def factor(step: int, steps: int, schedule: str, decay_from: float) -> float:
    """Return the factor of the initial rates at `step` of `steps`, counted from 0.

    The factor is 1 for the fraction `decay_from` of the steps. Then ``linear`` decays to 0 as in
    the code of CycleGAN and pix2pix, but by steps instead of epochs, and ``cosine`` by half a
    cosine wave. After the last step the factor is constant.
    """
    constant = round(steps * decay_from)
    progress = max(0, min(step + 1, steps) - constant) / (steps - constant + 1)
    if schedule == "linear":
        return 1.0 - progress
    if schedule == "cosine":
        return 0.5 + 0.5 * math.cos(math.pi * progress)
    return 1.0


def player_factor(player: str, step: int, steps: int, train: Train) -> float:
    """Return the factor of one player's rates at `step` of a run of `steps`, counted from 0.

    It is the factor of the schedule, multiplied by a linear warmup over ``train.warmup`` steps.
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
    """Set the learning rates of all parameter groups for `step`, counted from 0."""
    for player, optimizer in optimizers.items():
        scale = player_factor(player, step, steps, train)
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * scale


def initial_rates(optimizers: Mapping[str, Optimizer]) -> dict[str, float]:
    """Return the initial rate of each player's first parameter group."""
    groups = {player: optimizer.param_groups[0] for player, optimizer in optimizers.items()}
    return {player: group.get("initial_lr", group["lr"]) for player, group in groups.items()}


class Schedule(NamedTuple):
    """The settings of a learning-rate schedule without the initial rates."""

    steps: int
    train: Train


def rate_changes(
    optimizers: Mapping[str, Optimizer],
    saved_optimizers: Mapping[str, Mapping[str, Any]],
    step: int,
    before: Schedule,
    now: Schedule,
) -> list[str]:
    """Return messages on how a resume changes the learning rates.

    `optimizers` have the initial rates; `saved_optimizers` are from the checkpoint at `step`.
    """
    players_by_line: dict[str, list[str]] = {}
    for player in optimizers.keys() & saved_optimizers.keys() if step else ():
        last = saved_optimizers[player]["param_groups"][0]
        group = optimizers[player].param_groups[0]
        first = last.get("initial_lr", last["lr"])
        usual = first * player_factor(player, step, *before)
        rate = group.get("initial_lr", group["lr"]) * player_factor(player, step, *now)
        if math.isclose(rate, usual, rel_tol=1e-6):
            continue
        verb = "falls" if rate < last["lr"] else "goes back" if rate <= first else "rises"
        line = f"{verb} from {format_rate(last['lr'])} to {format_rate(rate)}"
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
    """Return a rate in scientific notation: ``4e-05``, ``1.8e-04``."""
    return f"{rate:.1e}".replace(".0e", "e")
