"""Indices of shards as text: ``3,17,20-24``, as `sbatch --array` takes them."""

from collections.abc import Iterable
from itertools import groupby


def format_indices(indices: Iterable[int]) -> str:
    """Return sorted `indices`, with ranges for consecutive ones."""
    runs = groupby(enumerate(sorted(indices)), lambda place: place[1] - place[0])
    return ",".join(_range([index for _, index in run]) for _, run in runs)


def _range(run: list[int]) -> str:
    return str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
