"""Image files to send to a server, and the pixels of its responses."""

from io import BytesIO

import numpy as np
from PIL import Image
from random_images import encode

from translate.serve.models.worker import Worker

Workers = dict[str, Worker]
TOKEN = "0123456789abcdef"


def image_file(number: int = 0, file_format: str = "PNG") -> bytes:
    """Return an image file with other pixels and another width for each `number`."""
    random = np.random.default_rng(number)
    return encode(random.integers(0, 256, (16, 24 + number, 3), np.uint8), file_format)


def decoded_pixels(data: bytes) -> bytes:
    """Return the pixels of an image file."""
    return Image.open(BytesIO(data)).tobytes()
