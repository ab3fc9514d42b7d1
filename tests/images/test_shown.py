"""Images of any number of channels are shown in gray or in three channels."""

import pytest
import torch

from translate.images.shown import shown_levels


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 1), (3, 3), (4, 3), (64, 3)])
def test_the_first_channels_are_shown_from_black_to_white(channels: int, shown: int) -> None:
    images = torch.full((2, channels, 3, 4), 1.0)
    images[:, shown:] = -1
    levels = shown_levels(images)
    assert levels.shape == (2, 3, 4, shown)
    assert (levels == 255).all()
