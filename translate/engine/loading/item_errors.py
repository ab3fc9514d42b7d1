"""Unexpected exceptions while items are read."""

from collections.abc import Sequence
from pathlib import Path

from translate.engine.plugins.errors import describe_unexpected
from translate.errors import ItemError, TranslateError


def item_error(names: Sequence[Path | str], error: BaseException) -> ItemError:
    """Return an unexpected exception as the error of the item with these `names`."""
    reason = str(error) if isinstance(error, TranslateError) else describe_unexpected(error)
    first, *others = map(str, names)
    more = f" (with {', '.join(others)})" if others else ""
    return ItemError(Path(first), f"{reason}{more}")
