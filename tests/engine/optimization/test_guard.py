"""Training stops after too many turns of a player that are not finite."""

import pytest
import torch

from translate.engine.optimization.guard import Guard
from translate.engine.optimization.step import StepResult
from translate.errors import TrainingError


def test_the_guard_stops_training_after_three_skipped_turns_of_a_player_in_a_row() -> None:
    skipped, updated = torch.tensor(True), torch.tensor(False)
    guard = Guard(3, torch.device("cpu"))
    for turns in (
        {"generator": [skipped], "critic": [updated]},
        {"generator": [skipped, updated], "critic": [updated]},  # the count starts again
        {"generator": [skipped], "critic": [skipped]},
        {"generator": [skipped]},
    ):
        guard.count(StepResult(skipped=turns))
        guard.check()
    assert int(guard.total) == 5
    guard.count(StepResult(skipped={"generator": [skipped], "critic": [updated]}))
    with pytest.raises(TrainingError, match="the last 3 turns of 'generator' had losses") as error:
        guard.check()
    assert error.value.exit_code == 5
