"""The configuration of two small domains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from translate.engine.config.schema import Data


@pytest.fixture
def data_config(image_folder: Callable[..., Path], tmp_path: Path) -> Callable[..., Data]:
    """Return a function that configures the domains a (5 images) and b (3), at 16x16."""
    image_folder("a/train", 5)
    image_folder("b/train", 3)

    def configure(**changes: Any) -> Data:
        defaults = {"root": tmp_path, "domains": ("a", "b"), "size": 16, "max_bad": 0.5}
        return Data(**{**defaults, **changes})

    return configure
