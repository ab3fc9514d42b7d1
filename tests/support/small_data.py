"""Check small datasets, and read their batches."""

from typing import Any

import torch

from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading import loader

COLOUR = {"name": "ColorJitter", "brightness": 0.5, "hue": 0.2, "p": 1.0}
NOISE = {"name": "GaussNoise", "std_range": (0.1, 0.2), "p": 1.0}


def checked_data(config: Data) -> check.CheckedData:
    """Return the dataset of `config` after the check that precedes training."""
    return check.check_data(check.open_layout(config), config)


def read_batches(
    config: Data, *, batch_size: int = 2, steps: range = range(9), positions: range | None = None
) -> list[Any]:
    """Return the batches of `steps`, without the problems."""
    data = checked_data(config)
    batches = loader.batches(
        data, config, seed=7, batch_size=batch_size, steps=steps, positions=positions
    )
    return [batch for batch, _ in batches]


def load_batch(config: Data, step: int = 0, *, batch_size: int = 4) -> Any:
    """Return the batch of a step."""
    data, steps = checked_data(config), range(step, step + 1)
    [(batch, problems)] = loader.batches(data, config, seed=0, batch_size=batch_size, steps=steps)
    assert not problems
    return batch


def equal_batches(one: list[Any], other: list[Any]) -> bool:
    """Return whether two lists of batches have equal tensors."""
    return len(one) == len(other) and all(
        all(map(torch.equal, *batches)) for batches in zip(one, other, strict=True)
    )
