"""A working folder with two small domains."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return the working folder, with 4 images in ``a`` and 3 in ``b``."""
    image_folder("a", 4), image_folder("b", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path
