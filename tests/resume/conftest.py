"""A plugin that stops training."""

import pytest
from kills import RegisterPlugin, TrainingStopper


@pytest.fixture
def stopper(register_plugin: RegisterPlugin) -> TrainingStopper:
    """Register a plugin that stops training after given steps."""
    plugin = TrainingStopper()
    register_plugin(plugin, "other:stopper")
    return plugin
