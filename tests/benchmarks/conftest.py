"""Import the modules of benchmarks/, which is not a package."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

import pytest
from command_result import ROOT

FOLDER = ROOT / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture
def import_benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a benchmark for one test: ``import_benchmark("score")``."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield import_module
    for name in NAMES:
        sys.modules.pop(name, None)
