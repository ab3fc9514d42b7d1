"""Options are converted to the types in a signature; an error names the nearest option."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from torch import nn

from translate.engine.system import signatures
from translate.errors import ConfigError

if TYPE_CHECKING:
    from somewhere import Unknown


class Network:
    def __init__(
        self,
        in_channels: int,
        *,
        width: Annotated[int, "channels after the first layer"] = 64,
        rate: float = 2e-4,
        bias: bool = True,
        norm: Literal["batch", "none"] = "batch",
        sides: tuple[int, int] | None = None,
        part: str | Mapping[str, Any] = "patch",
        weights: Path | None = None,
        untyped="anything",
        unresolved: "Unknown" = None,
    ) -> None:
        pass


def takes_anything(depth: int, **others: Any) -> None:
    pass


def convert(**options: Any) -> dict[str, Any]:
    """Convert options of `Network`."""
    return signatures.convert_options("generator 'net'", Network, options, ["in_channels"])


def test_an_option_has_its_default_and_its_meaning() -> None:
    options = signatures.read_options(Network, ["in_channels"])
    assert list(options)[:3] == ["width", "rate", "bias"]
    assert options["width"].default == 64
    assert options["width"].meaning == "channels after the first layer"
    assert options["rate"].meaning == ""
    assert not options["width"].required
    assert signatures.read_options(Network)["in_channels"].required


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 8}, {"width": 8}),
        ({"width": 8.0}, {"width": 8}),
        ({"rate": 1}, {"rate": 1.0}),
        ({"bias": False}, {"bias": False}),
        ({"sides": [3, 4]}, {"sides": (3, 4)}),
        ({"sides": None}, {"sides": None}),
        ({"part": {"name": "patch", "width": 4}}, {"part": {"name": "patch", "width": 4}}),
        ({"weights": "a/b"}, {"weights": Path("a/b")}),
        ({"untyped": [1, "x"]}, {"untyped": [1, "x"]}),
        ({"unresolved": object}, {"unresolved": object}),
        ({}, {}),
    ],
)
def test_values_are_converted_as_the_signature_declares(options, expected) -> None:
    result = convert(**options)
    assert result == expected
    assert [type(value) for value in result.values()] == [type(v) for v in expected.values()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widht": 8}, "generator 'net' has no option 'widht'. Did you mean 'width'?"),
        ({"zzzzzz": 8}, "generator 'net' has no option 'zzzzzz'. Choose from: bias, norm, part,"),
        ({"in_channels": 3}, "generator 'net' has no option 'in_channels'."),
        ({"width": "many"}, "generator 'net': width: expected int, got 'many'."),
        ({"width": 2.5}, "generator 'net': width: expected int, got 2.5."),
        ({"rate": "fast"}, "generator 'net': rate: expected a number, got 'fast'."),
        ({"bias": "perhaps"}, "generator 'net': bias: expected true or false, got 'perhaps'."),
        ({"norm": "btach"}, "generator 'net': norm: expected 'batch' or 'none', got 'btach'."),
        ({"sides": 3}, "generator 'net': sides: expected a list, got 3."),
        ({"part": 5}, "generator 'net': part: expected text or a mapping, got 5."),
        ({"width": "a", "rate": "b"}, "width: expected int, got 'a'. rate: expected a number"),
    ],
)
def test_an_error_states_what_was_expected(options, message) -> None:
    with pytest.raises(ConfigError) as error:
        convert(**options)
    assert message in str(error.value)


def test_options_without_a_default_are_required() -> None:
    with pytest.raises(ConfigError, match="loss 'deep' needs the option 'depth'"):
        signatures.convert_options("loss 'deep'", takes_anything, {})


def test_a_factory_with_var_keywords_gets_all_options() -> None:
    options = signatures.convert_options("it", takes_anything, {"depth": "3", "colour": "red"})
    assert options == {"depth": 3, "colour": "red"}
    arguments = {"size": 3, "depth": 1}
    assert signatures.accepted_arguments(takes_anything, arguments) == arguments


def test_a_factory_gets_only_the_keywords_that_it_takes() -> None:
    arguments = {"in_channels": 3, "size": (8, 8)}
    assert signatures.accepted_arguments(Network, arguments) == {"in_channels": 3}


def test_a_factory_may_be_a_function_a_partial_or_a_class_of_torch() -> None:
    assert set(signatures.read_options(partial(takes_anything, depth=1))) == {"depth"}
    assert "negative_slope" in signatures.read_options(nn.LeakyReLU)
    options = signatures.convert_options("it", nn.LeakyReLU, {"negative_slope": "1"})
    assert options == {"negative_slope": 1.0}


@dataclass
class UnhashableFactory:
    """A factory that compares by value, and so has no hash."""

    factor: int

    def __call__(self, depth: int = 1) -> int:
        return self.factor * depth


def test_a_factory_without_a_hash_is_checked_as_any_other() -> None:
    factory = UnhashableFactory(2)
    assert signatures.convert_options("it", factory, {"depth": "3"}) == {"depth": 3}
    with pytest.raises(ConfigError, match="depth: expected int, got 'x'"):
        signatures.convert_options("it", factory, {"depth": "x"})


def test_two_factories_with_options_of_one_name_keep_their_types() -> None:
    def takes_int(*, depth: int) -> int:
        return depth

    def takes_text(*, depth: str) -> str:
        return depth

    for _ in range(2):
        assert signatures.convert_options("it", takes_int, {"depth": 3}) == {"depth": 3}
        with pytest.raises(ConfigError, match="depth: expected text, got 3"):
            signatures.convert_options("it", takes_text, {"depth": 3})
