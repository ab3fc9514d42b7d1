"""Calls of hooks, which ``TRANSLATE_TRACE=1`` prints with their duration."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import pluggy

from translate.engine.system import console
from translate.errors import PluginError, describe_error, short_repr

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


def call_registration_hook(hook: pluggy.HookImpl) -> dict[str, Callable[..., Any]]:
    """Return the factories by name that a hook registers.

    Raises `PluginError` if it returns anything else, and what it raises.
    """
    registered = call_hook(hook, {})
    if not isinstance(registered, Mapping):
        example = "expected a mapping from names to classes or functions, {'name': Class}"
        raise PluginError(f"it returned {short_repr(registered)}: {example}")
    for name, factory in registered.items():
        if not isinstance(name, str) or "/" in name:
            raise PluginError(f"{short_repr(name)}: expected a name without a slash")
        is_instance = hasattr(factory, "state_dict") and not isinstance(factory, type)
        if is_instance or not callable(factory):  # a network is callable, and makes none
            found = (
                f"an instance of {type(factory).__name__}" if is_instance else short_repr(factory)
            )
            raise PluginError(f"{name!r}: expected its class or a function, got {found}")
    return dict(registered)


def _print(hook: pluggy.HookImpl, result: str, seconds: float, *, first_only: bool) -> None:
    """Print a call; hooks that register names are called often, and only the first is printed."""
    name = hook.function.__name__
    if first_only and (hook.plugin_name, name) in _printed:
        return
    _printed.add((hook.plugin_name, name))
    arguments = ", ".join(hook.argnames)
    line = f"trace: {hook.plugin_name} {name}({arguments}) -> {result}, {seconds * 1e3:.1f} ms"
    console.say(line, err=True)
