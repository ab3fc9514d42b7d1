"""The plugin of each project is registered for the tests of this project."""

import sys
from collections.abc import Callable

import pytest
from command_result import ROOT

sys.path += [str(path) for path in sorted((ROOT / "tests/examples").glob("translate_*"))]


@pytest.fixture(autouse=True)
def registered(request: pytest.FixtureRequest, register_example: Callable[[str], object]) -> None:
    """Register the plugin of the test's project, which is not installed here."""
    register_example(request.path.parent.name)
