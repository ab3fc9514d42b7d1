"""Small models as a server has them, and images for them."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from translate.serve.models.served_model import ServedModel
from translate.serve.requests.limits import RequestError

MAX_PIXELS = 10_000


def served(run: Path, name: str = "mine") -> ServedModel:
    """Return a model as a server has it."""
    return ServedModel(str(run), name, device="cpu", max_pixels=MAX_PIXELS)


def encoded(form: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """Return an image file of random pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the message of a call that is refused."""
    with pytest.raises(RequestError) as caught:
        call()
    return caught.value.status, caught.value.message
