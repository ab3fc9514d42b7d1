"""The page of all hooks: arguments and docstrings."""

import griffe

from documentation import docstrings, markup
from documentation.api import signature
from documentation.names import PublicNames

PATH = "reference/hooks.md"
INTRO = """# Hooks

A plugin decorates functions of these names with `@hookimpl`. A function may omit arguments that it
does not need. How hooks change: [Versions of hooks](../hook-versions.md). A whole plugin:
[Write a plugin](../plugins.md).
"""


def write(package: griffe.Object, names: PublicNames) -> dict[str, str]:
    """Return the text of the page by its path."""
    module = package["hookspecs"]
    text = INTRO
    for title, are_events in (("What a plugin offers", False), ("Events of a run", True)):
        text += markup.heading(2, title)
        for hook in module.functions.values():
            if hook.name.startswith("register_") == are_events:
                continue
            text += markup.heading(3, f"`{hook.name}`", hook.name)
            text += markup.block(signature(hook), "python") + "\n"
            text += docstrings.render(
                hook.docstring, lambda name, hook=hook: names.link(name, hook, PATH)
            )
    return {PATH: text}
