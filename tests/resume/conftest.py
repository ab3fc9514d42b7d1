"""A plugin that stops training."""

import pytest
from kills import RegisterPlugin, Stopper


@pytest.fixture
def stopper(register_plugin: RegisterPlugin) -> Stopper:
    """Return a plugin that stops training after the steps of its ``after``."""
    stopper_plugin = Stopper()
    register_plugin(stopper_plugin, "other:stopper")
    return stopper_plugin
