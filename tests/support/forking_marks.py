"""A mark for tests that start worker processes by a fork."""

import pytest

forking = pytest.mark.filterwarnings(
    "ignore:.*multi-threaded.*fork:DeprecationWarning",  # Python 3.12's
)
