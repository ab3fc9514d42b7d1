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
    """Return a spec whose domains have these `channels`, the last number for all that follow."""
    names = [*domains]
    given = [*(channels or (3,)), *(channels[-1:] or (3,)) * len(names)]
    known = tuple(Domain(name, count) for name, count in zip(names, given, strict=False))
    return ImageSpec(size, known, **facts)
