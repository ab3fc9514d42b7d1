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
    """Return a decorator that raises `ConfigError` if an argument does not have its declared type.

    NumPy scalars are converted to Python numbers. Parameters named in `unchecked` are not checked.
    """

    def decorate(function: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
        parameters, name = signature(function), function.__qualname__.removesuffix(".__call__")
        excluded = ("self", "cls", *unchecked)
        public = [key for key in parameters.parameters if key not in ("self", "cls")]

        @wraps(function)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Value:
            try:
                bound = parameters.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{name}() {error}. It takes {', '.join(public)}.") from error
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
