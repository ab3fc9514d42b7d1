"""An exception in a plugin's code is reported with plugin, file, line and rule."""

from collections.abc import Callable
from pathlib import Path

import pytest
from odd_exceptions import PanicException, UnprintableError

from translate.engine.plugins.errors import (
    RULES,
    definition_location,
    describe_unexpected,
    find_place,
    plugin_code,
    plugin_error,
)
from translate.errors import BadImage, ConfigError, PluginError
from translate.recipe import Recipe
from translate.registry import create, find


class Careless:
    """Fails in its constructor."""

    def __init__(self, kind: str = "key") -> None:
        if kind == "leave":
            raise SystemExit(0)
        if kind == "panic":
            raise PanicException(kind)
        if kind == "mute":
            raise UnprintableError
        raise KeyError(kind)


class Plugin:
    """Registers it."""

    def register_losses(self) -> dict[str, Callable[..., object]]:
        return {"careless": Careless}


def line_of(text: str) -> int:
    """Return the number of the first line of this file that holds `text`."""
    lines = Path(__file__).read_text().splitlines()
    return next(n for n, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("key", "raise KeyError(kind)"),
        ("leave", "raise SystemExit(0)"),
        ("panic", "raise PanicException(kind)"),
        ("mute", "raise UnprintableError"),
    ],
)
def test_G12_a_constructor_that_raises_names_plugin_file_line_and_rule(
    kind: str, code: str, register_plugin: Callable[..., object]
) -> None:
    from translate import hookimpl

    offers = type("Offering", (Plugin,), {"__module__": __name__})()
    hookimpl(Plugin.register_losses)
    register_plugin(offers, "other:careless")
    with pytest.raises(PluginError) as error:
        create("loss", {"name": "careless", "kind": kind})
    message = str(error.value)
    assert message.startswith("Careless raised ")
    assert f"plugin other:careless, {__file__}, line {line_of(code)}: `{code}`" in message
    assert RULES["__init__"] in message
    assert "TRANSLATE_DEBUG=1" in message


def test_the_rule_of_a_result_is_not_stated_for_an_error_in_the_code_of_the_method() -> None:
    """A file that is missing in a step says nothing on what the step must yield."""
    with pytest.raises(PluginError) as error, plugin_code(Careless, "step"):
        Careless("disk")
    assert "Rule:" not in str(error.value)
    assert RULES["step"] in str(plugin_error(TypeError("of the engine"), Careless, "step"))


@pytest.mark.parametrize(
    "error",
    [ConfigError("no"), BadImage(Path("a.png"), "cut"), MemoryError(), KeyboardInterrupt()],
)
def test_errors_of_translate_pass_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised_error, plugin_code(Careless, "__init__"):
        raise error
    assert raised_error.value is error


def test_the_line_of_the_plugin_is_named_rather_than_one_it_called(
    register_plugin: Callable[..., object],
) -> None:
    """A wrong argument fails inside the function that is called."""
    register_plugin(Plugin(), "other:careless")
    try:
        find("generator", "resnet")(in_channels="three", out_channels=3)
    except Exception as error:
        where = find_place(error, Careless)
    assert where is not None
    assert (where.plugin, where.file) == ("other:careless", __file__)


def test_every_rule_names_an_existing_hook_or_method() -> None:
    from translate.batches import Layout

    for name in RULES:
        assert hasattr(Recipe, name) or hasattr(Layout, name) or name in ("pick", "load")


def test_a_definition_is_found_for_a_message() -> None:
    line = line_of("def register_losses")
    message = definition_location(Plugin(), "register_losses")
    assert f"({__file__}, line {line}: `def register_losses(self)" in message.replace(
        "plugin other:careless, ", ""
    )
    assert definition_location(Plugin(), "absent") == ""


def test_an_unexpected_exception_names_the_plugin_or_translate(
    register_plugin: Callable[..., object],
) -> None:
    from translate.engine.data import samples

    try:
        samples.find(None)  # type: ignore[arg-type]
    except Exception as error:
        message = describe_unexpected(error)
    assert "samples.py, line" in message and "bug of translate" in message
    register_plugin(Plugin(), "other:careless")
    try:
        Careless()
    except KeyError as error:
        assert "(plugin other:careless, " in describe_unexpected(error)
    assert describe_unexpected(MemoryError()) == "not enough memory"
