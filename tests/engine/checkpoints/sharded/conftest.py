"""A checkpoint of two processes, written once for all tests of this folder."""

import shutil
from pathlib import Path

import pytest
from sharded_states import SavedRun, save_on_two_processes


@pytest.fixture(scope="session")
def _saved_once(tmp_path_factory: pytest.TempPathFactory) -> SavedRun:
    return save_on_two_processes(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def saved(_saved_once: SavedRun, tmp_path: Path) -> SavedRun:
    """Return a copy of the run, which a test may change."""
    shutil.copytree(_saved_once.run, tmp_path / "run")
    path = tmp_path / "run" / _saved_once.path.relative_to(_saved_once.run)
    return SavedRun(tmp_path / "run", path, _saved_once.expected)
