"""Every benchmark can be imported: modules of the engine may move."""

from collections.abc import Callable
from types import ModuleType

import pytest
from command_result import ROOT

NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_imported(
    name: str, import_benchmark: Callable[[str], ModuleType]
) -> None:
    assert import_benchmark(name).__doc__
