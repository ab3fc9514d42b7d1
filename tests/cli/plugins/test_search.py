"""`translate plugins search`: matching plugins, and the commands that install them."""

from collections.abc import Callable
from typing import Any


def test_the_search_prints_the_command_that_installs_a_plugin(
    run_command: Callable[..., Any],
) -> None:
    result = run_command("plugins", "search", "flow matching")
    assert result.code == 0
    assert "translate-flow" in result.out and "translate-stargan" not in result.out
    assert "pip install tests/examples/translate_flow" in result.out
    nothing = run_command("plugins", "search", "stargam")
    assert "No plugin in the directory matches 'stargam'. Did you mean 'stargan'?" in nothing.out
