"""Find the storage of a path."""

from pathlib import Path

from translate.engine.storage.local import LOCAL
from translate.engine.storage.storage import Storage
from translate.engine.system.locations import UrlPath


def storage_of(path: Path) -> Storage:
    """Return the storage of `path`; raises `ConfigError` if a package for it is missing."""
    if isinstance(path, UrlPath):
        from translate.engine.storage.objects import open_store  # it imports fsspec

        return open_store(path.scheme, path.host)
    return LOCAL
