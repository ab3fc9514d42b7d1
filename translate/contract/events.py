"""The rules of event hooks: each hook is called as training calls it, with a temporary run."""

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
    """pluggy's hook implementations, by event"""

    @property
    def owner(self) -> object:
        """The function of the plugin's first hook."""
        return next(iter(self.hooks.values())).function


def event_subjects(name: str) -> list[EventSubject]:
    """Return the plugins with event hooks, and with `name` as name or distribution."""
    manager, subjects = discovery.load(), []
    for plugin_name, _ in manager.list_name_plugin():
        hooks = {
            event: hook
            for event in EVENTS
            for hook in getattr(manager.hook, event).get_hookimpls()
            if hook.plugin_name == plugin_name
        }
        if hooks and name in (plugin_name, *plugin_name.split(":")):
            subjects.append(EventSubject(plugin_name, hooks))
    return subjects


def rules(subject: EventSubject) -> tuple[Callable[[EventSubject], None], ...]:
    """Return a rule for each event hook of the plugin."""
    return tuple(_rule(event) for event in subject.hooks)


def _rule(event: str) -> Callable[[EventSubject], None]:
    def rule(subject: EventSubject) -> None:
        hook = subject.hooks[event]
        with temporary_run() as (run, calls):
            for called_event, event_arguments in calls:
                if called_event == event:
                    arguments = {"run": run, **event_arguments}
                    with require_unchanged(run.path, lambda: definition(hook, "function")):
                        hook.function(*(arguments[name] for name in hook.argnames))

    rule.__doc__ = f"Take `{event}`, raise nothing, and leave the run unchanged."
    rule.__name__ = event
    return rule
