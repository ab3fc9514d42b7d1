"""Image files to send to a server, and the pixels of its responses."""

from io import BytesIO

from PIL import Image
from random_images import encode, noise

from translate.serve.models.worker import Worker

Workers = dict[str, Worker]
TOKEN = "0123456789abcdef"


def image_file(number: int = 0, file_format: str = "PNG") -> bytes:
    """Return an image file with other pixels and another width for each `number`."""
    return encode(noise(16, 24 + number, 3, seed=number), file_format)


def decoded_pixels(data: bytes) -> bytes:
    """Return the pixels of an image file."""
    return Image.open(BytesIO(data)).tobytes()
