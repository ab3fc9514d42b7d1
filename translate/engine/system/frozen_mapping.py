"""An immutable mapping, which can be the default of a parameter."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any


class FrozenMapping(Mapping[str, Any]):
    """An immutable copy of a mapping, with its equality and its repr."""

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
