"""Declare options that prevent failures of training, for proposals of `translate doctor`."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Factory = TypeVar("Factory", bound=Callable[..., Any])


class Remedy(NamedTuple):
    """A value of an option that helps against a failure, in the option's annotation.

    ``saturating: Annotated[bool, "minimize log(1 - D)", Remedy("vanishing gradient", False)]``.
    A positive number is proposed if the option is lower, any other value if the option differs.
    """

    failure: str
    """the failure, by its name in `translate doctor`"""
    value: Any


def remedy_for(*failures: str) -> Callable[[Factory], Factory]:
    """Declare that a discriminator that wraps another one, its option ``of``, prevents failures.

    Args:
        failures: Failures, by their names in `translate doctor`.

    Example:
        >>> @remedy_for("mode collapse")
        ... class Grouped: ...
        >>> remedies_of(Grouped)
        ('mode collapse',)
    """

    def declare(factory: Factory) -> Factory:
        setattr(factory, ATTRIBUTE, failures)
        return factory

    return declare


ATTRIBUTE = "remedies"


def remedies_of(factory: Callable[..., Any]) -> tuple[str, ...]:
    """Return the failures that networks of `factory` help against."""
    return tuple(getattr(factory, ATTRIBUTE, ()))
