"""Installed plugins that are broken are reported in a line each, and the others work."""

from pathlib import Path

import pytest
from broken_plugins import BROKEN_PLUGINS, FAILS_IN_HOOK, plugin_source
from sandbox import OFFLINE, QUICK, Sandbox

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "1.5"
dependencies = ["translate-kit{version}"]

[project.entry-points.translate]
{name} = "{name}_plugin"

[tool.setuptools]
py-modules = ["{name}_plugin"]
"""


@pytest.mark.slow
def test_P9_each_broken_plugin_is_reported_in_one_line(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {name: code for name, (code, _) in BROKEN_PLUGINS.items()}
    projects = {**broken, "late": FAILS_IN_HOOK, "torn": plugin_source("rag")}
    for name, code in projects.items():
        folder = tmp_path / name
        folder.mkdir()
        version = ">=99" if name == "tomorrow" else ""
        (folder / "pyproject.toml").write_text(PROJECT.format(name=name, version=version))
        (folder / f"{name}_plugin.py").write_text(code)
    site = tmp_path / "site"
    folders = [tmp_path / name for name in projects]
    done = sandbox.run("pip", "install", *OFFLINE, "--target", site, *folders)
    assert done.returncode == 0, done.stderr
    (site / "torn-1.5.dist-info/METADATA").unlink()
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("TRANSLATE_PLUGINS", ",".join([QUICK, *projects]))
    for command in (["plugins"], ["show", "cyclegan"], ["datasets"], ["doctor"], ["--help"]):
        done = sandbox.run("translate", *command)
        assert done.returncode == 0, (command, done.stderr)
        for name in broken if command[0] != "--help" else ():
            assert f"plugin '{name}' of {name} 1.5 is skipped" in done.stderr, command
    assert "sharpen" in sandbox.run("translate", "plugins").stdout  # a valid plugin is still loaded
