"""Images to send to a server, and the pixels that come back."""

from io import BytesIO

import numpy as np
from PIL import Image

from translate.serve.models.worker import Worker

Workers = dict[str, Worker]
TOKEN = "0123456789abcdef"


def encoded(number: int = 0, form: str = "PNG") -> bytes:
    """Return an image file, for each `number` another one."""
    random = np.random.default_rng(number)
    values = random.integers(0, 256, (16, 24 + number, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(values).save(file, form)
    return file.getvalue()


def pixels(data: bytes) -> bytes:
    """Return the pixels of an image file."""
    return Image.open(BytesIO(data)).tobytes()
