"""A contact sheet has a row of images below each name, and is split into its rows again."""

import numpy as np
import pytest
import torch

from translate.images.contact_sheet import contact_sheet, display_bytes, image_grid, split_sheet


def test_the_name_of_a_row_is_written_on_the_sheet() -> None:
    images = torch.zeros(1, 3, 16, 16)
    first, second = contact_sheet({"source": images}), contact_sheet({"target": images})
    assert first.shape[0] == second.shape[0]
    assert first.shape != second.shape or (first != second).any()


def test_names_outside_of_latin_1_are_written_as_escapes() -> None:
    images = torch.zeros(1, 3, 16, 96)
    sheet, escaped = contact_sheet({"to 夏": images}), contact_sheet({"to \\u590f": images})
    assert np.array_equal(sheet, escaped)


def test_a_sheet_is_split_into_its_rows_with_unchanged_pixels() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = {
        "source": torch.rand(3, 3, 8, 12, generator=generator) * 2 - 1,
        "many samples": torch.rand(19, 1, 5, 5, generator=generator) * 2 - 1,
    }
    shapes = {name: (len(row), *row.shape[2:]) for name, row in rows.items()}
    sheet_rows = split_sheet(contact_sheet(rows), shapes)
    for name, row in rows.items():
        levels = ((row + 1) * 127.5).round().permute(0, 2, 3, 1).expand(-1, -1, -1, 3)
        assert np.array_equal(sheet_rows[name], levels.numpy())
    with pytest.raises(ValueError, match="pixels high"):
        split_sheet(contact_sheet(rows), {"source": shapes["source"]})


def test_a_grid_has_rows_of_different_sizes_and_channels() -> None:
    black, gray = torch.full((2, 3, 4, 6), -1.0), torch.zeros(1, 1, 2, 2)
    sheet = image_grid([black, gray])
    assert sheet.shape == (4 + 2 + 4, 6 + 2 + 6, 3)
    assert (sheet[:4, :6] == 0).all()
    assert (sheet[:4, 6:8] == 255).all()
    assert (sheet[6:8, :2] == 128).all()


@pytest.mark.parametrize(("channels", "displayed"), [(1, 1), (2, 1), (3, 3), (4, 3), (64, 3)])
def test_one_is_white_and_further_channels_are_omitted(channels: int, displayed: int) -> None:
    images = torch.full((2, channels, 3, 4), 1.0)
    images[:, displayed:] = -1
    pixels = display_bytes(images)
    assert pixels.shape == (2, 3, 4, displayed)
    assert (pixels == 255).all()
