"""The storage that a path is in."""

from pathlib import Path

from translate.engine.storage.local import LOCAL
from translate.engine.storage.storage import Storage
from translate.engine.system.locations import UrlPath


def storage_of(path: Path) -> Storage:
    """Return the storage that `path` is in.

    Raises:
        ConfigError: There is no such storage, or a package for it is missing.
    """
    if isinstance(path, UrlPath):
        from translate.engine.storage.objects import open_store  # it imports fsspec

        return open_store(path.scheme, path.host)
    return LOCAL
