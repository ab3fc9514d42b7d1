"""Calls of the hooks of plugins; ``TRANSLATE_TRACE=1`` prints each with its duration."""

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
    """Call a plugin's hook with the arguments that it takes; raises what the hook raises."""
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
        # registration hooks have no arguments, and are called often
        _print(hook, result, time.perf_counter() - start, first_only=not values)
    return value


def call_registration_hook(hook: pluggy.HookImpl) -> dict[str, Callable[..., Any]]:
    """Return the factories by name that a hook registers.

    Raises `PluginError` if the hook returns anything else, and what the hook raises.
    """
    factories = call_hook(hook, {})
    if not isinstance(factories, Mapping):
        example = "expected a mapping from names to classes or functions, {'name': Class}"
        raise PluginError(f"it returned {short_repr(factories)}: {example}")
    for name, factory in factories.items():
        if not isinstance(name, str) or "/" in name:
            raise PluginError(f"{short_repr(name)}: expected a name without a slash")
        # a network is callable, but no factory of networks
        is_network = hasattr(factory, "state_dict") and not isinstance(factory, type)
        if is_network or not callable(factory):
            got = f"an instance of {type(factory).__name__}" if is_network else short_repr(factory)
            raise PluginError(f"{name!r}: expected its class or a function, got {got}")
    return dict(factories)


def _print(hook: pluggy.HookImpl, result: str, seconds: float, *, first_only: bool) -> None:
    """Print a call; with `first_only`, only the first call of each hook."""
    name = hook.function.__name__
    if first_only and (hook.plugin_name, name) in _printed:
        return
    _printed.add((hook.plugin_name, name))
    arguments = ", ".join(hook.argnames)
    line = f"trace: {hook.plugin_name} {name}({arguments}) -> {result}, {seconds * 1e3:.1f} ms"
    console.say(line, err=True)
