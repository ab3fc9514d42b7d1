"""The whole site, as `make docs` and `make check` build it."""

import tomllib
from pathlib import Path

import pytest
from command_result import ROOT
from documentation import navigation
from documentation.__main__ import build


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_or_broken_link(tmp_path: Path) -> None:
    assert build(ROOT, tmp_path) == []
    config = (tmp_path / "zensical.toml").read_text()
    for page in navigation.pages(config):
        assert (tmp_path / "site" / page).with_suffix(".html").exists()
    assert tomllib.loads(config)["project"]["theme"]["font"] is False
    text = (tmp_path / "site/reference/api/recipe.html").read_text()
    assert 'id="translate.recipe.Turn"' in text
    registry = (tmp_path / "site/reference/api/registry.html").read_text()
    assert 'href="losses.html#translate.losses.ImageLoss"' in registry
