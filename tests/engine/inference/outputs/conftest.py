"""A small model, and commands that fill an output folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints
from small_outputs import sample_images

from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.generation import SampleRequest
from translate.engine.models.model import Model, load
from translate.engine.models.options import InferenceOptions
from translate.results import InferenceResult

Action = Callable[[Path], InferenceResult]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """Return a CycleGAN."""
    return load(small_checkpoints.cyclegan(tmp_path / "run"))[0]


@pytest.fixture
def actions(model: Model, tmp_path: Path, image_folder: Callable[..., Path]) -> dict[str, Action]:
    """Return functions that fill an output folder, by command."""
    source = image_folder("in", 1, size=8).parent / "in"
    image_folder("in/below", 1, size=8)
    gan, _ = load(small_checkpoints.gan(tmp_path / "gan"))
    return {
        "infer": lambda out: translate_folder(
            model, find_inputs(source, out), out, InferenceOptions()
        ),
        "sample": lambda out: sample_images(gan, out, SampleRequest(2)),
    }
