"""Calls of hooks, which ``TRANSLATE_TRACE=1`` prints with their duration."""

import os
import time
from collections.abc import Mapping
from typing import Any, Final

import pluggy

from translate.engine.system import console
from translate.errors import describe_error, short_repr

TRACE_VARIABLE: Final = "TRANSLATE_TRACE"
_printed: set[tuple[str, str]] = set()


def call_hook(hook: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Any:
    """Call a plugin's hook with those of the arguments that it takes; raise what it raises."""
    values = [arguments[name] for name in hook.argnames]
    if os.environ.get(TRACE_VARIABLE, "0") in ("", "0"):
        return hook.function(*values)
    start, result = time.perf_counter(), "raised an error"
    try:
        value = hook.function(*values)
        result = short_repr(list(value) if isinstance(value, Mapping) else value)
    except BaseException as error:
        result = describe_error(error)
        raise
    finally:
        _print(hook, result, time.perf_counter() - start, first_only=not values)
    return value


def _print(hook: pluggy.HookImpl, result: str, seconds: float, *, first_only: bool) -> None:
    """Print a call; hooks that register names are called often, and only the first is printed."""
    name = hook.function.__name__
    if first_only and (hook.plugin_name, name) in _printed:
        return
    _printed.add((hook.plugin_name, name))
    arguments = ", ".join(hook.argnames)
    line = f"trace: {hook.plugin_name} {name}({arguments}) -> {result}, {seconds * 1e3:.1f} ms"
    console.say(line, err=True)
