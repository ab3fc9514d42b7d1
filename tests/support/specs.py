"""Image specs from names of domains."""

from collections.abc import Iterable
from typing import Any

from translate.batches import Domain, ImageSpec


def image_spec(
    size: tuple[int, int] = (256, 256),
    domains: Iterable[str] = ("source", "target"),
    *channels: int,
    **facts: Any,
) -> ImageSpec:
    """Return a spec with domains of these `channels`; the last number is for all that follow."""
    names = [*domains]
    counts = [*(channels or (3,)), *(channels[-1:] or (3,)) * len(names)]
    known_domains = tuple(Domain(name, count) for name, count in zip(names, counts, strict=False))
    return ImageSpec(size, known_domains, **facts)
