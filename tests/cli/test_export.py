"""`translate export`: printed differences, and refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from small_exports import InvertingExporter, InvertingPlugin


def test_the_differences_at_three_sizes_are_printed(
    run_command: Callable[..., Any],
    register_plugin: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    register_plugin(InvertingPlugin())
    monkeypatch.setattr(InvertingExporter, "network", InvertingExporter.network)
    small_checkpoints.cyclegan(tmp_path / "run")
    result = run_command("export", "run", "model.inverting")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("largest difference from PyTorch at ") == 3
    again = run_command("export", "run", "model.inverting", "--quiet")
    assert again.code == 2
    assert again.err == (
        "Error: model.inverting already exists: choose another name, or delete it.\n"
    )
    other = run_command("export", "run", "other.inverting", "--set", "steps=3")
    assert other.code == 2 and "translate has no option 'steps'" in other.err
