"""Exceptions that a layout raises while it reads an item."""

from collections.abc import Sequence
from pathlib import Path

from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.signals import reraise_interruption
from translate.errors import BadImage, ItemError, TranslateError


def item_error(names: Sequence[Path | str], error: BaseException) -> BadImage:
    """Return the error of the item with these `names` for an exception; a `BadImage` unchanged.

    Ctrl-C and the end of a generator are raised again.
    """
    reraise_interruption(error)
    if isinstance(error, BadImage):
        return error
    reason = str(error) if isinstance(error, TranslateError) else describe_unexpected(error)
    first, *others = map(str, names)
    more = f" (with {', '.join(others)})" if others else ""
    return ItemError(Path(first), f"{reason}{more}")
