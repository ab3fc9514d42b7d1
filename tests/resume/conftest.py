"""A plugin that stops training."""

import pytest
from kills import RegisterPlugin, TrainingStopper


@pytest.fixture
def stopper(register_plugin: RegisterPlugin) -> TrainingStopper:
    """Return a plugin that stops training after the steps of its ``after``."""
    stopper_plugin = TrainingStopper()
    register_plugin(stopper_plugin, "other:stopper")
    return stopper_plugin
