"""Images for runs with changed settings."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Change to a folder of domains for every key: paired, joined, damaged, with an orphan."""
    monkeypatch.chdir(tmp_path)
    for folder in ("a/train", "b/train", "a/test", "b/test", "other/a", "other/b", "joined/train"):
        image_folder(folder, 3)
    for name in ("gone", "damaged", "orphans"):
        for domain in "ab":
            shutil.copytree(tmp_path / domain / "train", tmp_path / name / domain)
    (tmp_path / "damaged/a/bad.png").write_text("<html>")
    (tmp_path / "orphans/a/0000.png").unlink()
    return tmp_path
