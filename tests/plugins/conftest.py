"""A fixture for tests of plugins."""

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed the random weights and inputs of each test."""
    torch.manual_seed(0)
