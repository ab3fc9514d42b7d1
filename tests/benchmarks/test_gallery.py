"""The gallery of the documentation."""

import shlex
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from command_result import ROOT
from parsed_command import parse_command
from PIL import Image

from translate.engine.plugins.discovery import OWN_DISTRIBUTION
from translate.registry import list_registrations


@pytest.fixture
def gallery(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    """Return benchmarks/gallery.py."""
    return import_benchmark("gallery")


def test_every_recipe_of_ours_has_an_example_and_a_sheet(gallery: ModuleType) -> None:
    recipes = {r.name for r in list_registrations("recipe") if r.distribution == OWN_DISTRIBUTION}
    plugins = {name: each["pip"] for name, each in gallery.EXAMPLES.items() if "pip" in each}
    assert set(gallery.EXAMPLES) == recipes | set(plugins)
    for name, place in plugins.items():
        entry = ROOT / f"plugins/directory/{Path(place).name.replace('_', '-')}.toml"
        assert f'"{name}"' in entry.read_text() and (ROOT / place / "pyproject.toml").is_file()
    sheets = {path.stem: path for path in (ROOT / "docs/gallery").iterdir()}
    assert set(sheets) == set(gallery.EXAMPLES)
    for path in sheets.values():
        assert path.stat().st_size <= gallery.LIMIT
        with Image.open(path) as sheet:
            assert sheet.width >= 300


def test_the_commands_of_the_gallery_are_valid(gallery: ModuleType) -> None:
    for name, example in gallery.EXAMPLES.items():
        for command in (example["train"], example["apply"]):
            parse_command(shlex.split(command)[1:])
        assert f"--out runs/{name}" in example["train"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_gallery_is_made_from_short_trainings(
    gallery: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "sheets").mkdir()
    (tmp_path / "work/datasets").mkdir(parents=True)
    for name in (name for name, each in gallery.EXAMPLES.items() if "pip" not in each):
        gallery.make_sheet(name, tmp_path / "work", tmp_path / f"sheets/{name}.jpg", steps=2)
        assert (tmp_path / f"sheets/{name}.jpg").stat().st_size <= gallery.LIMIT
