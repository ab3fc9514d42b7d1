"""Arguments of the Python interface, checked as options are."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np

from translate.engine.system import signatures

Parameters = ParamSpec("Parameters")
Value = TypeVar("Value")


def check_arguments(
    *unchecked: str,
) -> Callable[[Callable[Parameters, Value]], Callable[Parameters, Value]]:
    """Return a decorator that raises `ConfigError` for an argument of another type than declared.

    NumPy's numbers are taken as Python's. Parameters named in `unchecked` are passed on as given.
    """

    def decorate(function: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
        shape, name = signature(function), function.__qualname__.removesuffix(".__call__")
        reserved = ("self", "cls", *unchecked)

        @wraps(function)
        def call(*positional: Parameters.args, **named: Parameters.kwargs) -> Value:
            bound = shape.bind(*positional, **named)
            given = {
                key: value.item() if isinstance(value, np.generic) else value
                for key, value in bound.arguments.items()
                if key not in reserved
            }
            bound.arguments.update(
                signatures.convert_options(f"{name}()", function, given, reserved)
            )
            arguments: Any = bound
            return function(*arguments.args, **arguments.kwargs)

        return call

    return decorate
