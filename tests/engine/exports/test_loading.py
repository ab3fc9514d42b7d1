"""A model is loaded from a run or from an exported file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from small_exports import RECORD, InvertingPlugin

from translate.engine.disk import files
from translate.engine.exports.loading import load_model
from translate.engine.exports.torch_free.file_model import FileModel
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.errors import ConfigError


def test_runs_and_exported_files_load(tmp_path: Path, register_plugin: Callable[..., Any]) -> None:
    register_plugin(InvertingPlugin())
    run = small_checkpoints.cyclegan(tmp_path / "run")
    model, problems = load_model(run, "cpu", InferenceOptions())
    assert isinstance(model, Model) and not problems
    files.replace_json(tmp_path / "x.inverting", RECORD.json())
    exported, _ = load_model(tmp_path / "x.inverting", "auto", InferenceOptions())
    assert isinstance(exported, FileModel)
    assert exported.describe() == (
        "recipe='cyclegan', domains=('summer', 'winter'), channels=(3, 3), size=(32, 32), step=1, "
        "device='cpu'"
    )
    with pytest.raises(ConfigError, match="which has one backend, got 'x': leave --backend out"):
        load_model(tmp_path / "x.inverting", "auto", InferenceOptions(backend="x"))
