"""The rules of event hooks, which are called as in training, for a temporary run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from translate.contract.temporary_run import require_unchanged, temporary_run
from translate.engine.plugins import discovery
from translate.engine.plugins.errors import definition

EVENTS = ("run_started", "losses_logged", "preview_drawn", "checkpoint_saved", "run_finished")


class EventSubject(NamedTuple):
    """A plugin with event hooks under test."""

    name: str
    """``distribution:entry``"""
    hooks: Mapping[str, Any]
    """pluggy's hook implementations by event"""
    example_batch: None = None

    @property
    def owner(self) -> object:
        """The function of its first hook."""
        return next(iter(self.hooks.values())).function


def event_subjects(name: str) -> list[EventSubject]:
    """Return the plugins with event hooks whose name or distribution is `name`."""
    manager, result = discovery.load(), []
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
            result.append(EventSubject(full, hooks))
    return result


def rules(subject: EventSubject) -> tuple[Callable[[EventSubject], None], ...]:
    """Return a rule for each event hook of the plugin."""
    return tuple(_rule(event) for event in subject.hooks)


def _rule(event: str) -> Callable[[EventSubject], None]:
    def rule(subject: EventSubject) -> None:
        with temporary_run() as (run, calls):
            for name, arguments in calls:
                if name == event:
                    _call(subject.hooks[event], {"run": run, **arguments})

    rule.__doc__ = f"Take `{event}`, raise nothing, and leave the run unchanged."
    rule.__name__ = event
    return rule


def _call(hook: Any, arguments: Mapping[str, Any]) -> None:
    """Call one hook as training does; raise `RuleError` if it changes the run."""
    with require_unchanged(
        arguments["run"].path, lambda: definition(_Hook(hook.function), "function")
    ):
        hook.function(*(arguments[name] for name in hook.argnames))


class _Hook(NamedTuple):
    function: Callable[..., Any]
