"""Learning rates over training: pure functions of the step, so there is no state to save."""

import math
from collections.abc import Iterable

from torch.optim import Optimizer

from translate.engine.config import Train


def factor(step: int, steps: int, schedule: str, decay_from: float) -> float:
    """Return what the initial rates are multiplied by at `step` of `steps`, counted from 0.

    ``linear`` is the rule of the CycleGAN and pix2pix code, in steps instead of epochs; ``cosine``
    is a half wave over the same steps.
    """
    constant = round(steps * decay_from)
    decaying = steps - constant
    done = max(0, step + 1 - constant) / (decaying + 1)
    if schedule == "linear":
        return 1.0 - done
    if schedule == "cosine":
        return 0.5 + 0.5 * math.cos(math.pi * done)
    return 1.0


def set_rates(optimizers: Iterable[Optimizer], step: int, steps: int, train: Train) -> None:
    """Set each group's rate to its initial one times the factor of `step`."""
    scale = factor(step, steps, train.schedule, train.decay_from)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * scale
