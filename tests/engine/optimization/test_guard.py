"""Training stops after too many turns of a player that are not finite."""

import pytest
import torch

from translate.engine.optimization.guard import Guard
from translate.engine.optimization.step import StepResult
from translate.errors import TrainingError


def test_the_guard_stops_after_that_many_bad_turns_of_a_player_in_a_row() -> None:
    bad, good = torch.tensor(True), torch.tensor(False)
    guard = Guard(3, torch.device("cpu"))
    for turns in (
        {"generator": [bad], "critic": [good]},
        {"generator": [bad, good], "critic": [good]},  # its count starts again
        {"generator": [bad], "critic": [bad]},
        {"generator": [bad]},
    ):
        guard.count(StepResult(skipped=turns))
        guard.check()
    assert int(guard.total) == 5
    guard.count(StepResult(skipped={"generator": [bad], "critic": [good]}))
    with pytest.raises(TrainingError, match="the last 3 turns of 'generator' had losses") as error:
        guard.check()
    assert error.value.exit_code == 5
