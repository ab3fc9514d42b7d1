"""A run before its folder is written."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_runs
import torch

from translate.engine.checkpoints.state import TrainingState
from translate.engine.data import check
from translate.engine.data.check import CheckedData
from translate.engine.optimization.build import build_training
from translate.engine.runs.writer import RunWriter


@pytest.fixture
def started_run(
    image_folder: Callable[..., Path], tmp_path: Path
) -> tuple[RunWriter, TrainingState, CheckedData]:
    """Return the writer of a run that has started, its training and its data."""
    image_folder("a", 4), image_folder("b", 3)
    config = small_runs.config(tmp_path)
    layout = check.open_layout(config.data)
    training = build_training(config, layout.spec, torch.device("cpu"))
    writer = RunWriter(tmp_path / "run", training, 4)
    return writer, training, check.check_data(layout, config.data)
