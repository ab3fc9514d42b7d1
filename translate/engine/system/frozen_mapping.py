"""A mapping that nothing changes, so that a signature may have it as a default."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any


class FrozenMapping(Mapping[str, Any]):
    """An immutable copy of a mapping; it equals the mapping, and is written as it."""

    def __init__(self, items: Mapping[str, Any]) -> None:
        self._items = deepcopy(dict(items))

    def __getitem__(self, key: str) -> Any:
        return deepcopy(self._items[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)
