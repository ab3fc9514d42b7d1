"""A mark for tests that start worker processes by a fork."""

import pytest

forking = pytest.mark.filterwarnings(
    "ignore:.*multi-threaded.*fork:DeprecationWarning"  # a warning of Python 3.12
)
