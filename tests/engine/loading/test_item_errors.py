"""The error of an item names its files and the reason."""

from translate.engine.loading.item_errors import item_error
from translate.errors import ConfigError


def test_an_error_of_ours_is_its_message_with_the_other_files() -> None:
    error = item_error(["a.png", "b.png"], ConfigError("no such channel."))
    assert (str(error.path), error.reason) == ("a.png", "no such channel. (with b.png)")


def test_any_other_exception_is_described() -> None:
    error = item_error(["a.png"], ZeroDivisionError("division by zero"))
    assert str(error.path) == "a.png"
    assert "division by zero" in error.reason
