"""Base class of layouts with single files as items."""

from pathlib import Path
from random import Random

from translate.batches import Item, Layout


class SingleFiles(Layout):
    """A layout with each of `files` as an item."""

    files: list[Path]

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item((self.files[index],))
