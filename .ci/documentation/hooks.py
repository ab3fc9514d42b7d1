"""The page of all hooks: arguments and docstrings."""

import griffe

from documentation import docstrings, markup
from documentation.api import signature
from documentation.names import Names

PATH = "reference/hooks.md"
INTRO = """# Hooks

A plugin decorates a function of one of these names with `@hookimpl`, and takes those of the
arguments that it needs. How hooks change: [Versions of hooks](../hook-versions.md). A whole plugin:
[Write a plugin](../plugins.md).
"""


def write(package: griffe.Object, names: Names) -> dict[str, str]:
    """Return the text of the page by its path."""
    module = package["hookspecs"]
    text = INTRO
    for title, events in (("What a plugin offers", False), ("Events of a run", True)):
        text += markup.heading(2, title)
        for hook in module.functions.values():
            if hook.name.startswith("register_") == events:
                continue
            text += markup.heading(3, f"`{hook.name}`", hook.name)
            text += markup.block(signature(hook), "python") + "\n"
            text += docstrings.render(
                hook.docstring, lambda name, hook=hook: names.link(name, hook, PATH)
            )
    return {PATH: text}
