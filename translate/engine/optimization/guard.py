"""Stop training when too many turns in a row are not finite."""

import torch
from torch import Tensor

from translate.engine.optimization.step import StepResult
from translate.errors import TrainingError


class Guard:
    """Counts skipped turns, and stops training when a player has too many in a row."""

    def __init__(self, limit: int, device: torch.device) -> None:
        self.limit = limit
        self.in_a_row: dict[str, Tensor] = {}
        """skipped turns in a row, by player"""
        self.total = torch.zeros((), dtype=torch.long, device=device)

    def count(self, result: StepResult) -> None:
        """Count one step's turns, without waiting for the device."""
        for player, turns in result.skipped.items():
            for was_skipped in turns:
                count = self.in_a_row.get(player, self.total * 0)
                self.in_a_row[player] = (count + was_skipped) * was_skipped
                self.total += was_skipped

    def check(self) -> None:
        """Raise `TrainingError` if the limit is reached."""
        for player, count in self.in_a_row.items():
            if int(count) >= self.limit:
                raise TrainingError(
                    f"the last {int(count)} turns of {player!r} had losses or gradients that are "
                    "not finite, and moved nothing. Try a lower learning rate, --precision fp32, "
                    "or look at the images; raise train.guard to tolerate more."
                )
