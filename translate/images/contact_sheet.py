"""Contact sheets: rows of images, each with its name."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from translate.images.shown import shown_levels

GAP = 2
COLUMNS = 8
"""images in a line; a longer row continues below"""


def contact_sheet(rows: Mapping[str, Tensor]) -> NDArray[np.uint8]:
    """Return a sheet, RGB on white, of rows of images (N, C, H, W) in [-1, 1].

    The name of each row is written above it.
    """
    blocks = []
    for name, row in rows.items():
        blocks += [_text_image(name), image_grid(row.split(COLUMNS), gap=GAP)]
    width = max(block.shape[1] for block in blocks)
    blocks = [
        np.pad(p, ((0, GAP), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in blocks
    ]
    return np.concatenate(blocks)[:-GAP]


def split_sheet(
    sheet: NDArray[np.uint8], shapes: Mapping[str, tuple[int, int, int]]
) -> dict[str, NDArray[np.uint8]]:
    """Return the rows (N, H, W, 3) of a sheet that `contact_sheet` has made.

    Args:
        sheet: (height, width, 3).
        shapes: Number, height and width of the images of each row, by its name, in order.

    Raises:
        ValueError: The sheet has another size than such rows have.
    """
    rows, top = {}, 0
    for name, (count, height, width) in shapes.items():
        top += _text_image(name).shape[0] + GAP
        cells = []
        for number in range(count):
            line, column = divmod(number, COLUMNS)
            y, x = top + line * (height + GAP), column * (width + GAP)
            cells.append(sheet[y : y + height, x : x + width, :3])
            if cells[-1].shape != (height, width, 3):
                raise ValueError(f"image {number + 1} of the row {name!r} is missing")
        rows[name] = np.stack(cells)
        top += -(-count // COLUMNS) * (height + GAP)
    if top - GAP != sheet.shape[0]:
        raise ValueError(f"it is {sheet.shape[0]} pixels high, and {top - GAP} were expected")
    return rows


def image_grid(rows: Sequence[Tensor], *, gap: int = 2) -> NDArray[np.uint8]:
    """Return rows of images on one sheet, RGB on white.

    Args:
        rows: (N, C, H, W) in [-1, 1] each; of more than three channels the first three are shown.
        gap: Pixels between images.

    Returns:
        (H, W, 3), uint8.
    """
    cells = [list(shown_levels(row)) for row in rows]
    height, width = (max(c.shape[side] for row in cells for c in row) + gap for side in (0, 1))
    columns = max(len(row) for row in cells)
    sheet = np.full((height * len(rows) - gap, width * columns - gap, 3), 255, np.uint8)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            region = sheet[y * height :, x * width :]
            region[: cell.shape[0], : cell.shape[1]] = cell  # gray broadcasts to three channels
    return sheet


def _text_image(name: str) -> NDArray[np.uint8]:
    """Return an image of the text `name`, (height, width, 3), in Pillow's default font."""
    font = ImageFont.load_default_imagefont()
    _, _, width, height = font.getbbox(name)
    image = Image.new("RGB", (max(1, int(width)), int(height)), "white")
    ImageDraw.Draw(image).text((0, 0), name, fill="black", font=font)
    return np.asarray(image)
