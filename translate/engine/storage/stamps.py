"""Stamps: what a listing says of a file that changes whenever its content does."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Facts = Mapping[str, Any]
"""what fsspec says of a file"""
StampOf = Callable[[Facts], str | None]


def entity_tag(facts: Facts) -> str | None:
    """Return the size and the entity tag (ETag) of an object; None where the store has no tags.

    A time alone is no stamp: a file that is replaced within the clock's resolution keeps it.
    """
    tag = facts.get("ETag") or facts.get("etag")
    return f"{facts['size']}-{str(tag).strip(chr(34))}" if tag else None


def time_of_creation(facts: Facts) -> str | None:
    """Return the size and the time of a file in the memory of this process, to a microsecond."""
    time = facts["created"]
    return f"{facts['size']}-{time.timestamp() if isinstance(time, datetime) else time}"
