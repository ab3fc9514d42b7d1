"""Discriminators that are saturated, or cannot distinguish real from generated images."""

from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import (
    CHANCE,
    SATURATED,
    Detection,
    start_of_last_streak,
)
from translate.engine.diagnosis.log import Log, player_losses

DISCRIMINATORS = ("discriminator", "discriminators")
"""names of players, of one or several networks, with losses near 0 only if they are saturated;
the loss of a critic (WGAN) may have any value"""
SATURATED_LOSS, SATURATED_STEPS = 1e-4, 200
"""a discriminator is saturated if the absolute values of all its losses are below `SATURATED_LOSS`
for `SATURATED_STEPS` steps"""
AUC = "auc"
"""suffix of the names of metrics that are the area under a discriminator's ROC curve"""
CHANCE_DISTANCE, CHANCE_STEPS = 0.04, 600
"""a discriminator is at chance if its mean AUC over `CHANCE_STEPS` steps differs from 0.5 by less
than `CHANCE_DISTANCE`"""


def saturated_discriminators(log: Log) -> Iterator[Detection]:
    """Find discriminators with losses near 0: a generator gets no gradient from them."""
    for player in DISCRIMINATORS:
        largest = [
            max(map(abs, player_losses(r, player).values()), default=1.0) for r in log.records
        ]
        start = start_of_last_streak([value < SATURATED_LOSS for value in largest])
        steps = log.last.step - log.first_step(start) + 1 if start < len(largest) else 0
        if steps >= SATURATED_STEPS:
            yield Detection(
                failure=SATURATED,
                since_step=log.first_step(start),
                evidence=f"the losses of {player} have been below {SATURATED_LOSS:g} for {steps} "
                f"steps, now {largest[-1]:.1e}",
                value=largest[-1],
                subject=player,
            )


def at_chance(log: Log) -> Iterator[Detection]:
    """Find discriminators that score generated images as high as real ones."""
    count = log.window(CHANCE_STEPS)
    if log.last.step < 2 * CHANCE_STEPS or len(log.records) < count:
        return
    for name in log.names("metrics"):
        if not name.endswith(AUC):
            continue
        values = log.values("metrics", name)
        means = np.convolve(values, np.ones(count) / count, "valid")
        start = start_of_last_streak(list(np.abs(means - 0.5) < CHANCE_DISTANCE))
        steps = log.last.step - log.first_step(len(values) - count) + 1
        if start < len(means):
            yield Detection(
                failure=CHANCE,
                since_step=log.first_step(start),
                evidence=f"{name} is {means[-1]:.3f} over the last {steps} steps: the probability "
                "that a real image is scored above a generated one; 0.5 is chance",
                value=float(means[-1]),
                subject=name.partition("/")[0],
            )
