"""What is said once of a data set before it is trained on: nothing is wrong with it, but look."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from translate import images
from translate.batches import Layout

DRAWS = 100
"""items that are picked to see whether a domain has more than one image"""


def remarks(layout: Layout, headers: Mapping[Path, Any]) -> list[str]:
    """Return a line for each thing that a person may not have meant."""
    return [*_converted(headers), *layout.notes, *_lonely(layout)]


def _converted(headers: Mapping[Path, Any]) -> Iterable[str]:
    found = {p: h for p, h in headers.items() if isinstance(h, images.Header) and not h.plain}
    for path, header in list(found.items())[:1]:
        yield (
            f"{len(found)} of {len(headers)} pictures are not gray or RGB in 8 bits, the first is "
            f"{path} ({header.mode}): {images.CONVERSION}"
        )


def _lonely(layout: Layout) -> Iterable[str]:
    picked = [layout.pick(number % len(layout), Random(number)) for number in range(DRAWS)]
    for one, *others in map(set, zip(*picked, strict=False)):
        if not others and one in layout.files:
            yield f"{one} is the only image of its domain: networks will learn it by heart"
