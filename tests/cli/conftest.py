"""Folders that commands run in."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints


@pytest.fixture
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder, without TRANSLATE_DEBUG."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRANSLATE_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def run_and_domains(tmp_path: Path, image_folder: Callable[..., Path]) -> Path:
    """Create a run and two domains; return the path of the run below the test's folder."""
    image_folder("datasets/summer/test", 3)
    image_folder("datasets/winter/test", 2)
    run = small_checkpoints.cyclegan(tmp_path / "runs/cyclegan-summer-winter")
    return run.relative_to(tmp_path)
