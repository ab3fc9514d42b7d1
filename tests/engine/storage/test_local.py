"""The disk as a storage: names that the system refuses."""

from pathlib import Path

import pytest

from translate.engine.storage.local import LOCAL
from translate.errors import CheckpointError


def test_a_name_that_is_too_long_does_not_exist(tmp_path: Path) -> None:
    assert not LOCAL.exists(tmp_path / ("x" * 300))


def test_a_folder_that_is_a_file_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be read"):
        LOCAL.names(tmp_path / "file")
