"""Images of any number of channels are converted to gray or RGB for display."""

import pytest
import torch

from translate.images.display import display_bytes


@pytest.mark.parametrize(("channels", "displayed"), [(1, 1), (2, 1), (3, 3), (4, 3), (64, 3)])
def test_one_is_white_and_further_channels_are_omitted(channels: int, displayed: int) -> None:
    images = torch.full((2, channels, 3, 4), 1.0)
    images[:, displayed:] = -1
    pixels = display_bytes(images)
    assert pixels.shape == (2, 3, 4, displayed)
    assert (pixels == 255).all()
