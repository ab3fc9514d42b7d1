"""The rules of event hooks, each called as a run calls it, for a temporary run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from translate.contract.temporary_run import temporary_run, unchanged
from translate.engine.plugins import discovery
from translate.engine.plugins.errors import definition

EVENTS = ("run_started", "losses_logged", "preview_drawn", "checkpoint_saved", "run_finished")


class Listener(NamedTuple):
    """A plugin with event hooks, under test."""

    name: str
    """``distribution:entry``"""
    hooks: Mapping[str, Any]
    """by event, as pluggy has them"""
    example: Any = None

    @property
    def owner(self) -> object:
        """The function of its first hook, in whose source file the plugin is."""
        return next(iter(self.hooks.values())).function


def listeners(name: str) -> list[Listener]:
    """Return the plugins with event hooks that are called `name`, or whose distribution is."""
    manager, found = discovery.load(), []
    for full, _ in manager.list_name_plugin():
        if name not in (full, *full.split(":")):
            continue
        hooks = {
            event: hook
            for event in EVENTS
            for hook in getattr(manager.hook, event).get_hookimpls()
            if hook.plugin_name == full
        }
        if hooks:
            found.append(Listener(full, hooks))
    return found


def rules(listener: Listener) -> tuple[Callable[[Listener], None], ...]:
    """Return a rule for each event that the plugin hears."""
    return tuple(_rule(event) for event in listener.hooks)


def _rule(event: str) -> Callable[[Listener], None]:
    def hears(listener: Listener) -> None:
        with temporary_run() as (run, calls):
            for name, facts in calls:
                if name == event:
                    _call(listener.hooks[event], {"run": run, **facts})

    hears.__doc__ = f"Hear `{event}`, raise nothing, and leave the run as it is."
    hears.__name__ = event
    return hears


def _call(hook: Any, given: Mapping[str, Any]) -> None:
    """Call one hook as a run does; raise `RuleError` if it changes the run."""
    with unchanged(given["run"].path, lambda: definition(_Hook(hook.function), "function")):
        hook.function(*(given[name] for name in hook.argnames))


class _Hook(NamedTuple):
    function: Callable[..., Any]
