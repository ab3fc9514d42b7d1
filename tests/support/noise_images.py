"""Random images."""

from typing import Any

import numpy as np


def noise(*shape: int, dtype: Any = np.uint8) -> Any:
    """Return random numbers over the whole range of an integer `dtype`, the same each time."""
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
