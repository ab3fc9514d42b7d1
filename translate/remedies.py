"""Options that help against failures of training, which `translate doctor` proposes."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Factory = TypeVar("Factory", bound=Callable[..., Any])


class Remedy(NamedTuple):
    """A value of an option that helps against a failure; it stands in the option's annotation.

    ``saturating: Annotated[bool, "minimise log(1 - D)", Remedy("vanishing gradient", False)]``.
    A positive number is proposed where the option is lower, any other value where it differs.
    """

    failure: str
    """the name of the failure, as `translate doctor` prints it"""
    value: Any


def remedy_for(*failures: str) -> Callable[[Factory], Factory]:
    """Declare that a discriminator which wraps another, its option ``of``, helps against failures.

    Args:
        failures: Names of failures, as `translate doctor` prints them.

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
    """Return the failures that a factory's networks help against."""
    return tuple(getattr(factory, ATTRIBUTE, ()))
