"""The directory of plugins: each entry is installed from its folder and keeps the contract."""

import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from command_result import ROOT

from translate.engine.plugins import directory
from translate.engine.plugins.directory import read_directory


def test_entries_are_named_by_their_file_and_have_the_name_of_their_project() -> None:
    entries = read_directory()
    files = sorted((ROOT / "plugins/directory").glob("*.toml"))
    assert [entry.name for entry in entries] == [file.stem for file in files]
    for entry in entries:
        project = tomllib.loads((ROOT / entry.source / "pyproject.toml").read_text())["project"]
        assert (project["name"], project["license"]) == (entry.name, entry.licence)


def test_entries_match_all_words_of_a_search_in_any_case() -> None:
    (entry,) = (entry for entry in read_directory() if entry.name == "translate-stargan")
    assert entry.matches("") and entry.matches("STARGAN") and entry.matches("recipes season")
    assert not entry.matches("stargan histology")


@pytest.mark.parametrize(
    ("flag", "name"), [("--plugin", "pix2pixhd"), ("--config", "pix2pixhd-small")]
)
def test_a_name_of_a_plugin_that_is_not_installed_is_an_error_with_the_command_to_install_it(
    flag: str, name: str, run_command: Callable[..., Any]
) -> None:
    result = run_command("train", flag, name, "--domains", "a", "b")
    assert result.code == 2
    assert "`pip install tests/examples/translate_pix2pixhd` installs a plugin" in result.err


def test_a_plugin_that_offers_a_missing_loss_is_named_as_one_of_another_kind_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = directory.DirectoryEntry(
        name="acme", summary="", offers={"losses": ["edge"]}, licence="MIT", source="acme"
    )
    monkeypatch.setattr(directory, "read_directory", lambda: [entry])
    assert "`pip install acme`" in directory.install_hint("loss", "edge")
    assert directory.install_hint("recipe", "edge") == ""


@pytest.mark.slow
def test_every_plugin_of_the_directory_keeps_the_contract_in_a_fresh_environment() -> None:
    table = ROOT / "plugins/directory/README.md"
    before = table.read_text()
    try:
        script = [sys.executable, str(ROOT / ".ci/plugin_directory.py")]
        done = subprocess.run(script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert table.read_text() == before, "commit the table that the script has written"
    finally:
        table.write_text(before)
