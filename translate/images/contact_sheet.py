"""Contact sheets, such as the previews of a run: rows of images, each below its name."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from translate.images.tensors import from_device

GAP = 2
"""pixels between images"""
COLUMNS = 8
"""images in a line; a longer row continues in the next line"""


def contact_sheet(rows: Mapping[str, Tensor]) -> NDArray[np.uint8]:
    """Return a sheet (height, width, 3) of named rows of images (N, C, H, W) in [-1, 1]."""
    blocks = [
        block
        for name, row in rows.items()
        for block in (_text_image(name), image_grid(row.split(COLUMNS)))
    ]
    width = max(block.shape[1] for block in blocks)
    padded = [
        np.pad(block, [(0, GAP), (0, width - block.shape[1]), (0, 0)], constant_values=255)
        for block in blocks
    ]
    return np.concatenate(padded)[:-GAP]


def split_sheet(
    sheet: NDArray[np.uint8], shapes: Mapping[str, tuple[int, int, int]]
) -> dict[str, NDArray[np.uint8]]:
    """Return the rows (N, H, W, 3) of a sheet that `contact_sheet` has returned.

    Args:
        sheet: (height, width, 3).
        shapes: Number, height and width of the images of each row, by name, from top to bottom.

    Raises:
        ValueError: Rows of these shapes make a sheet of another size.
    """
    rows, top = {}, 0
    for name, (count, height, width) in shapes.items():
        top += _text_image(name).shape[0] + GAP
        images = []
        for number in range(count):
            line, column = divmod(number, COLUMNS)
            y, x = top + line * (height + GAP), column * (width + GAP)
            images.append(sheet[y : y + height, x : x + width, :3])
            if images[-1].shape != (height, width, 3):
                raise ValueError(f"image {number + 1} of the row {name!r} is missing")
        rows[name] = np.stack(images)
        top += -(-count // COLUMNS) * (height + GAP)
    if top - GAP != sheet.shape[0]:
        raise ValueError(f"it is {sheet.shape[0]} pixels high, and {top - GAP} were expected")
    return rows


def image_grid(rows: Sequence[Tensor]) -> NDArray[np.uint8]:
    """Return a white sheet (height, width, 3) of rows of images.

    Each row is (N, C, H, W) in [-1, 1]; of more than three channels the first three are shown.
    """
    cells = [display_bytes(row) for row in rows]
    height, width = (max(row.shape[axis] for row in cells) + GAP for axis in (1, 2))
    columns = max(map(len, cells))
    sheet = np.full((height * len(rows) - GAP, width * columns - GAP, 3), 255, np.uint8)
    for y, row in enumerate(cells):
        for x, image in enumerate(row):
            region = sheet[y * height :, x * width :]
            region[: image.shape[0], : image.shape[1]] = image  # gray broadcasts to three channels
    return sheet


def display_bytes(images: Tensor) -> NDArray[np.uint8]:
    """Return images (N, C, H, W) in [-1, 1] as bytes (N, H, W, 1 or 3).

    Of more than three channels the first three are returned, of two the first.
    """
    channels = images.shape[1]
    return from_device(images[:, : 3 if channels >= 3 else 1])


def _text_image(name: str) -> NDArray[np.uint8]:
    """Return an image of the text `name`, (height, width, 3), in Pillow's default font.

    The font has the characters of Latin-1; others are shown as escapes.
    """
    name = name.encode("latin-1", "backslashreplace").decode("latin-1")
    font = ImageFont.load_default_imagefont()
    _, _, width, height = font.getbbox(name)
    image = Image.new("RGB", (max(1, int(width)), int(height)), "white")
    ImageDraw.Draw(image).text((0, 0), name, fill="black", font=font)
    return np.asarray(image)
