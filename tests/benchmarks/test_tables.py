"""The quartiles of measurements."""

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def tables(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("tables")


def test_quartiles_are_those_of_the_values_themselves(tables: ModuleType) -> None:
    assert tables.quartiles([4, 1, 3, 2, 5]) == (2, 3, 4)
    assert tables.quartiles([7]) == (7, 7, 7)
