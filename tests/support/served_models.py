"""Models of small runs as a server loads them, and image files to send."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from random_images import encode, noise

from translate.serve.models.served_model import ServedModel
from translate.serve.requests.limits import RequestError

MAX_PIXELS = 10_000


def served_model(run: Path, name: str = "mine") -> ServedModel:
    """Return the model of a run as a server loads it."""
    return ServedModel(str(run), name, device="cpu", max_pixels=MAX_PIXELS)


def image_file(file_format: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """Return the bytes of an image file of (width, height) random pixels."""
    return encode(noise(size[1], size[0], 3), file_format, **options)


def rejection(call: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the message of the `RequestError` that `call` must raise."""
    with pytest.raises(RequestError) as caught:
        call()
    return caught.value.status, caught.value.message
