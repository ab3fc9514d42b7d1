"""An exception in a plugin's code is reported with plugin, file, line and rule."""

from collections.abc import Callable
from pathlib import Path

import pytest
from odd_exceptions import PanicException, UnprintableError

from translate import hookimpl
from translate.batches import Layout
from translate.engine.data import samples
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


class FailingLoss:
    """Raises in its constructor."""

    def __init__(self, kind: str = "key") -> None:
        if kind == "exit":
            raise SystemExit(0)
        if kind == "panic":
            raise PanicException(kind)
        if kind == "unprintable":
            raise UnprintableError
        raise KeyError(kind)


class Plugin:
    """Registers `FailingLoss`."""

    @hookimpl
    def register_losses(self) -> dict[str, Callable[..., object]]:
        return {"failing": FailingLoss}


def line_of(text: str) -> int:
    """Return the number of the first line of this file that holds `text`."""
    lines = Path(__file__).read_text().splitlines()
    return next(n for n, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("key", "raise KeyError(kind)"),
        ("exit", "raise SystemExit(0)"),
        ("panic", "raise PanicException(kind)"),
        ("unprintable", "raise UnprintableError"),
    ],
)
def test_G12_a_constructor_that_raises_names_plugin_file_line_and_rule(
    kind: str, code: str, register_plugin: Callable[..., object]
) -> None:
    register_plugin(Plugin(), "other:failing")
    with pytest.raises(PluginError) as error:
        create("loss", {"name": "failing", "kind": kind})
    message = str(error.value)
    assert message.startswith("FailingLoss raised ")
    assert f"plugin other:failing, {__file__}, line {line_of(code)}: `{code}`" in message
    assert RULES["__init__"] in message
    assert "TRANSLATE_DEBUG=1" in message


def test_a_rule_on_the_result_of_a_method_is_not_stated_if_the_method_itself_raises() -> None:
    with pytest.raises(PluginError) as error, plugin_code(FailingLoss, "step"):
        FailingLoss("disk")
    assert "Rule:" not in str(error.value)
    assert RULES["step"] in str(plugin_error(TypeError("in the engine"), FailingLoss, "step"))


@pytest.mark.parametrize(
    "error",
    [ConfigError("no"), BadImage(Path("a.png"), "cut"), MemoryError(), KeyboardInterrupt()],
)
def test_errors_of_translate_pass_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised_error, plugin_code(FailingLoss, "__init__"):
        raise error
    assert raised_error.value is error


def test_an_error_in_a_built_in_network_names_the_line_of_the_plugin_that_called_it(
    register_plugin: Callable[..., object],
) -> None:
    register_plugin(Plugin(), "other:failing")
    try:
        find("generator", "resnet")(in_channels="three", out_channels=3)
    except Exception as error:
        place = find_place(error, FailingLoss)
    assert place is not None
    assert (place.plugin, place.file) == ("other:failing", __file__)


def test_every_rule_is_about_an_existing_method() -> None:
    for name in RULES:
        assert hasattr(Recipe, name) or hasattr(Layout, name) or name in ("pick", "load")


def test_a_definition_is_found_for_a_message() -> None:
    line = line_of("def register_losses")
    message = definition_location(Plugin(), "register_losses")
    assert f"{__file__}, line {line}: `def register_losses(self)" in message
    assert definition_location(Plugin(), "absent") == ""


def test_an_unexpected_exception_names_the_plugin_or_translate(
    register_plugin: Callable[..., object],
) -> None:
    try:
        samples.find(None)  # type: ignore[arg-type]
    except Exception as error:
        message = describe_unexpected(error)
    assert "samples.py, line" in message and "bug of translate" in message
    register_plugin(Plugin(), "other:failing")
    try:
        FailingLoss()
    except KeyError as error:
        assert "(plugin other:failing, " in describe_unexpected(error)
    assert describe_unexpected(MemoryError()) == "not enough memory"
