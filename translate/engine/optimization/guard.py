"""Stop training after too many consecutive turns with a loss or gradient that is not finite."""

import torch
from torch import Tensor

from translate.engine.optimization.step import StepResult
from translate.errors import TrainingError


class Guard:
    """Counts skipped turns: updates of a player without effect, as a value was not finite.

    Training stops after `limit` consecutive skipped turns of one player.
    """

    def __init__(self, limit: int, device: torch.device) -> None:
        self.limit = limit
        self.consecutive: dict[str, Tensor] = {}
        """number of consecutive skipped turns, by player"""
        self.total = torch.zeros((), dtype=torch.long, device=device)
        """number of skipped turns of all players"""

    def count(self, result: StepResult) -> None:
        """Count one step's turns, without waiting for the device."""
        for player, turns in result.skipped.items():
            for was_skipped in turns:
                count = self.consecutive.get(player, self.total * 0)
                self.consecutive[player] = (count + was_skipped) * was_skipped
                self.total += was_skipped

    def check(self) -> None:
        """Raise `TrainingError` if the limit is reached."""
        for player, count in self.consecutive.items():
            if int(count) >= self.limit:
                raise TrainingError(
                    f"the last {int(count)} turns of {player!r} had losses or gradients that are "
                    "not finite, and updated no weights. Try a lower learning rate or --precision "
                    "fp32, or look at the images; raise train.guard to tolerate more."
                )
