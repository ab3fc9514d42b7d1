"""One mask for each image."""

import numpy as np
import pytest

from translate.engine.inference.mask_inputs import split_masks
from translate.errors import ConfigError


def test_each_image_has_a_mask_or_none() -> None:
    mask = np.zeros((4, 5), np.uint8)
    assert split_masks(None, 2) == [None, None]
    assert split_masks([mask, None], 2)[1] is None
    assert len(split_masks(mask, 3, shared=True)) == 3
    with pytest.raises(ConfigError, match="mask: 1 masks for 2 images"):
        split_masks([mask], 2)
    with pytest.raises(ConfigError, match="expected a list with a mask or None for each of 2"):
        split_masks(mask, 2)
