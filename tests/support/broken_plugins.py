"""Broken third-party plugins by name: source code, and a pattern of the expected message."""

from translate import __version__

SOURCE = """
from translate import hookimpl

class Loss: ...

@hookimpl
def register_losses():
    return dict.fromkeys({names}, Loss)
"""


def plugin_source(*losses: str) -> str:
    """Return the source of a plugin that registers `losses`."""
    return SOURCE.format(names=losses)


BROKEN_PLUGINS = {
    "absent": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "panicking": ("class Panic(BaseException): ...\nraise Panic(3)", "Panic: 3"),
    "leaver": ("import sys\nsys.exit(0)", "SystemExit: 0"),
    "speller": (
        plugin_source("spelled") + "@hookimpl\ndef register_generator():\n    return {}\n",
        r"PluginError: there is no hook .register_generator.\. Did you mean .register_generators.",
    ),
    "greedy": (
        plugin_source("grabbed") + "@hookimpl\ndef register_recipes(engine):\n    return {}\n",
        r"PluginError: the hook .register_recipes. has no argument .engine.: it has none",
    ),
    "tomorrow": (
        plugin_source("newest"),
        rf"PluginError: needs translate-kit>=99, and {__version__} ",
    ),
}
FAILS_IN_HOOK = plugin_source("never").replace("return", "raise OSError('no weights')\n    return")
"""source of a plugin that can be imported; its hook raises an error"""
