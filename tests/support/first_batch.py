"""A batch, loaded as in training."""

from typing import Any

from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading import loader


def load_batch(config: Data, step: int = 0, *, batch_size: int = 4) -> Any:
    """Return the batch of a step."""
    data = check.check_data(check.open_layout(config), config)
    steps = range(step, step + 1)
    stream = loader.batches(data, config, seed=0, batch_size=batch_size, steps=steps)
    [(result, problems)] = stream
    assert not problems
    return result
