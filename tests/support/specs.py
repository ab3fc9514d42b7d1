"""Short notation of an `ImageSpec`."""

from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

from translate.batches import Domain, ImageSpec


def image_spec(
    size: tuple[int, int] = (256, 256),
    domains: Iterable[str] = ("source", "target"),
    *channels: int,
    **attributes: Any,
) -> ImageSpec:
    """Return a spec with named domains; the last number of channels repeats, 3 if there is none."""
    channels = channels or (3,)
    counts = chain(channels, repeat(channels[-1]))
    return ImageSpec(size, tuple(map(Domain, domains, counts)), **attributes)
