"""Plugins of strangers that are broken, each in a way of its own: code, and what is said of it."""

from translate import __version__

OFFER = """
from translate import hookimpl

class Loss: ...

@hookimpl
def register_losses():
    return {names!r}
"""


def offering(*losses: str) -> str:
    """Return the code of a plugin that offers losses."""
    named = ", ".join(f"{name!r}: Loss" for name in losses)
    return OFFER.replace("{names!r}", f"{{{named}}}")


BROKEN = {
    "absent": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "panicking": ("class Panic(BaseException): ...\nraise Panic(3)", "Panic: 3"),
    "leaver": ("import sys\nsys.exit(0)", "SystemExit: 0"),
    "speller": (
        offering("spelled") + "@hookimpl\ndef register_generator():\n    return {}\n",
        "PluginError: there is no hook 'register_generator'",
    ),
    "greedy": (
        offering("grabbed") + "@hookimpl\ndef register_recipes(engine):\n    return {}\n",
        "PluginValidationError: .*register_recipes.*Argument.*'engine'",
    ),
    "tomorrow": (offering("newest"), rf"PluginError: needs translate-kit>=99, and {__version__} "),
}
LATE = offering("never").replace("return", "raise OSError('no weights')\n    return")
"""fails when it is asked, not before"""
