"""Names of files and folders: which are passed over, and what a domain is called."""

from collections.abc import Iterable

HIDDEN = frozenset(
    {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"}  # files
    | {"__macosx", "network trash folder", "temporary items"}  # macOS
    | {"$recycle.bin", "recycler", "system volume information", "found.000"}  # Windows
    | {"@eadir", "@tmp", "@sharebin", "#recycle", "#snapshot", "@recycle"}  # network storage
    | {"@recently-snapshot", "lost+found"}
)
"""What operating systems and network storage leave in folders, in lower case."""


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is passed over, wherever it lies."""
    return name.startswith(".") or name.lower() in HIDDEN


def any_hidden(names: Iterable[str]) -> bool:
    """Tell whether one of the `names` along a path is passed over."""
    return any(is_hidden(name) for name in names)
