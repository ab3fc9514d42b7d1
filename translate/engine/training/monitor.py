"""Signs of failed training that raise no error: each is logged once, with its figures."""

import logging
import math
from collections.abc import Mapping

from torch import Tensor

DISCRIMINATORS = ("discriminator", "discriminators")
"""players with losses of zero only when they always win; a critic's may have any value"""
SATURATED, SATURATED_STEPS = 1e-4, 200
"""a discriminator is saturated when all its losses are below this for so many steps"""
DIVERGED = 1e4
"""a finite loss diverges above this multiple of its first value, or of 1 where that was less"""
HIGHEST_RATE = 1.0
"""learning rate above which no optimizer of a network learns"""
SAME_LEVEL, SAME_PREVIEWS = 2 / 255, 2
"""images that differ by less than this in so many previews in a row are the same image"""

logger = logging.getLogger(__name__)


class TrainingMonitor:
    """Watches losses and previews for divergence, saturated discriminators and mode collapse.

    Args:
        rates: learning rates by player, before any schedule.
    """

    def __init__(self, rates: Mapping[str, float]) -> None:
        self.rates = rates
        self.first_losses: Mapping[str, float] = {}
        """of the first step, by ``player/name``"""
        self.saturated_steps: dict[str, int] = {}
        """by discriminator"""
        self.same_previews: dict[str, int] = {}
        """by row of the preview"""
        self.warned: set[str] = set()
        """what has been logged"""

    def check_rates(self) -> None:
        """Warn of learning rates at which no network learns."""
        high = {player: rate for player, rate in self.rates.items() if rate > HIGHEST_RATE}
        if high:
            players = " and ".join(f"{player} is {rate:g}" for player, rate in high.items())
            self._warn(
                "rate",
                f"the learning rate of {players}: usual are 1e-05 to 1e-02, and training will "
                "probably diverge. Set a lower one.",
            )

    def check_losses(self, step: int, steps: int, losses: Mapping[str, float]) -> None:
        """Check the means of the last `steps` steps, by ``player/name``."""
        self._check_divergence(step, losses)
        for player in DISCRIMINATORS:
            own = [abs(value) for name, value in losses.items() if name.startswith(f"{player}/")]
            saturated = bool(own) and max(own) < SATURATED
            count = self.saturated_steps.get(player, 0) + steps if saturated else 0
            self.saturated_steps[player] = count
            if count >= SATURATED_STEPS:
                self._warn(
                    player,
                    f"step {step}: {player} saturated: its losses have been below {SATURATED:g} "
                    f"for {count} steps, now {max(own):.1e}. Lower its learning rate, add instance "
                    "noise, or restart.",
                )

    def _check_divergence(self, step: int, losses: Mapping[str, float]) -> None:
        worst: dict[str, float] = {}
        for name, value in losses.items():
            player = name.partition("/")[0]
            limit = DIVERGED * max(1.0, abs(self.first_losses.get(name, 0.0)))
            if limit < abs(value) < math.inf:
                worst[player] = max(abs(value), worst.get(player, 0.0))
        if worst and "rate" not in self.warned:
            players = " and ".join(
                f"{player} is {value:.1e} (learning rate {self.rates.get(player, math.nan):g})"
                for player, value in worst.items()
            )
            self._warn(
                "rate",
                f"step {step}: a loss of {players}, more than {DIVERGED:g} times that of the first "
                "step: training diverges. Set a lower learning rate, or train.clip_norm.",
            )

    def check_images(self, step: int, rows: Mapping[str, Tensor]) -> None:
        """Check the rows of a preview, each images (N, C, H, W) made from different inputs."""
        for name, row in rows.items():
            spread = float((row.float() - row[:1].float()).abs().max())
            same = len(row) > 1 and spread < SAME_LEVEL
            self.same_previews[name] = self.same_previews.get(name, 0) + 1 if same else 0
            if self.same_previews[name] >= SAME_PREVIEWS:
                self._warn(
                    "generator",
                    f"step {step}: all images of the row {name!r} of the preview are the same, to "
                    f"{spread * 127.5:.2f} of 255 levels: the generator has collapsed. Continue "
                    "from an earlier checkpoint, with a lower learning rate or another loss.",
                )

    def _warn(self, what: str, line: str) -> None:
        if what not in self.warned:
            self.warned.add(what)
            logger.info(line)
