"""One shard of the images of a folder; the hash of an image's relative path selects its shard."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby

from translate.errors import ConfigError, short_repr

MAX_SHARDS = 1_000_000
"""largest number of shards of one folder"""


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of the images."""

    index: int
    """from 0"""
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Return the shard of ``K/N``; raises `ConfigError`."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip(), re.ASCII)
        if match is None:
            raise ConfigError(
                f"shard: expected K/N, such as 0/8 for the first of eight, got {short_repr(text)}."
            )
        shard = cls(int(match[1]), int(match[2]))
        require_count(shard.count)
        if shard.index >= shard.count:
            raise ConfigError(
                f"shard: {shard} does not exist: expected K from 0 to {shard.count - 1}."
            )
        return shard

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def name(self) -> str:
        """The name of the shard in names of files, such as ``17-of-200``."""
        return f"{self.index}-of-{self.count}"

    def has(self, name: str) -> bool:
        """Return whether this shard has an image.

        `name` is the path of the image below the folder of images, with slashes.
        """
        digest = blake2b(name.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index


def format_indices(indices: Iterable[int]) -> str:
    """Return the sorted `indices` of shards in the form of `sbatch --array`: ``3,17,20-24``."""
    texts = []
    # in a run of successive indices, index minus position is constant
    for _, pairs in groupby(enumerate(sorted(indices)), lambda pair: pair[1] - pair[0]):
        run = [index for _, index in pairs]
        texts.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ",".join(texts)


def require_count(count: int) -> None:
    """Raise `ConfigError` for a number of shards that is not from 1 to a million."""
    if not 1 <= count <= MAX_SHARDS:
        raise ConfigError(f"shard: expected 1 to {MAX_SHARDS:,} shards, got {count}.")
