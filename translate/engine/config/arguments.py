"""Check the types of arguments of the Python interface."""

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

    NumPy scalars are converted to Python's. Parameters named in `unchecked` are not checked.
    """

    def decorate(function: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
        parameters, name = signature(function), function.__qualname__.removesuffix(".__call__")
        excluded = ("self", "cls", *unchecked)

        @wraps(function)
        def call(*positional: Parameters.args, **named: Parameters.kwargs) -> Value:
            bound = parameters.bind(*positional, **named)
            values = {
                key: value.item() if isinstance(value, np.generic) else value
                for key, value in bound.arguments.items()
                if key not in excluded
            }
            bound.arguments.update(
                signatures.convert_options(f"{name}()", function, values, excluded)
            )
            arguments: Any = bound
            return function(*arguments.args, **arguments.kwargs)

        return call

    return decorate
