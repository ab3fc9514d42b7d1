"""The user's cache folder, which may be deleted at any time."""

import os
import sys
from pathlib import Path

VARIABLE = "TRANSLATE_CACHE"
"""environment variable with the path of the cache folder"""


def folder(name: str) -> Path:
    """Return ``$TRANSLATE_CACHE/NAME``, or ``translate/NAME`` in the system's cache folder."""
    if configured := os.environ.get(VARIABLE):
        return Path(configured).expanduser() / name
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "translate" / name
