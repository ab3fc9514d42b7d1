"""Models as a server has them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints
from served_models import served_model
from shade_recipe import ShadePlugin

from translate.serve.models.served_model import ServedModel


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    """Return a CycleGAN as a server has it."""
    return served_model(small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "cycle"))


@pytest.fixture
def shade(tmp_path: Path, register_plugin: Callable[..., object]) -> ServedModel:
    """Return a recipe with options of its own, as a server has it."""
    register_plugin(ShadePlugin(), "other:shade")
    return served_model(small_checkpoints.write_run(tmp_path / "shade", "shade"))
