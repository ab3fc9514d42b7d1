"""Fixtures: a run that translates back, and a run of a recipe that adds noise to left halves."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints
from trust_models import Noisy, image_processor

from translate import hookimpl
from translate.engine.pixels.processing import ImageProcessor


@pytest.fixture
def photos(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a root with the domains a (8 training images) and b (4)."""
    image_folder("a/train", 8), image_folder("b/train", 4)
    return tmp_path


@pytest.fixture
def cycle_run(photos: Path) -> Path:
    """Return a CycleGAN run on crops of 16x16."""
    data = {"root": str(photos)}
    return small_checkpoints.cyclegan(photos / "run", domains=("a", "b"), size=16, data=data)


@pytest.fixture
def noisy_run(photos: Path, register_plugin: Callable[..., object]) -> Path:
    """Return a run of the recipe ``noisy``."""

    class Plugin:
        @hookimpl
        def register_recipes(self) -> dict[str, type[Noisy]]:
            return {"noisy": Noisy}

    register_plugin(Plugin())
    return small_checkpoints.write_run(
        photos / "noisy", "noisy", domains=("a", "b"), size=16, data={"root": str(photos)}
    )


@pytest.fixture
def cycle(cycle_run: Path) -> ImageProcessor:
    """Return the processor of a CycleGAN."""
    return image_processor(cycle_run)


@pytest.fixture
def noisy(noisy_run: Path) -> ImageProcessor:
    """Return the processor of the recipe ``noisy``."""
    return image_processor(noisy_run, seed=0)
