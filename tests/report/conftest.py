"""A recorded run."""

from pathlib import Path

import pytest
import recorded_runs


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the run ``first``."""
    return recorded_runs.write_run(tmp_path / "first")
