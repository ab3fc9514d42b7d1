"""Installed distributions for one test."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from broken_plugins import BROKEN_PLUGINS, FAILS_IN_HOOK, plugin_source

from translate.engine.plugins import commands, discovery

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a distribution with one module: ``install(name, code)``.

    `discovery.load` finds the distributions during the test.
    """
    folder = tmp_path / "site"
    folder.mkdir()
    before = set(sys.modules)

    def write(name: str, code: str, *, entry: str = "", requires: str = "", base=folder,
              group: str = "translate") -> str:  # fmt: skip
        module = re.sub(r"\W", "_", f"{base.name}_{name}_plugin").lower()
        (base / f"{module}.py").write_text(code)
        info = base / f"{name.replace('-', '_')}-1.5.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry or name} = {module}\n")
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.5"]
        lines += [f"Requires-Dist: {requires}"] if requires else []
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(base)
        discovery.load.cache_clear()
        commands.plugin_commands.cache_clear()
        discovery.skipped.clear()
        return module

    yield write
    monkeypatch.undo()
    for name in set(sys.modules) - before:
        if name.endswith("_plugin"):
            del sys.modules[name]
    discovery.load.cache_clear()
    commands.plugin_commands.cache_clear()
    discovery.skipped.clear()


@pytest.fixture
def broken_and_working_plugins(install: Install) -> None:
    """Install `BROKEN_PLUGINS`, one plugin with a failing hook, and two with one entry name."""
    for name, (code, _) in BROKEN_PLUGINS.items():
        install(name, code, requires="translate-kit>=99" if name == "tomorrow" else "")
    install("late", FAILS_IN_HOOK)
    install(
        "first-losses", plugin_source("common", "first"), entry="losses", requires="translate-kit"
    )
    install("second_losses", plugin_source("common", "second"), entry="losses")
