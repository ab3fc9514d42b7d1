"""Reports on the files of a data set: pixel formats, pixel values and sizes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain
from translate.formats import Header
from translate.images.domains import levels

LISTED_SIZES = 3


class Finding(NamedTuple):
    """A result of ``translate datasets check``."""

    state: Literal["ok", "note", "broken"]
    message: str
    consequence: str = ""
    """the effect on training, or what to do"""


class FileReport(NamedTuple):
    """One image file: its header and hashes, or the reason that it cannot be read."""

    path: Path
    split: str
    header: Header | None
    sha256: str
    """hash of its bytes"""
    error: str
    perceptual_hash: NDArray[np.uint64] | None = None
    """hash of its pixels, similar for similar images"""
    domain: Domain | None = None
    """the domain that it is read as"""
    values: tuple[float, float] = (0, 0)
    """the smallest and the largest pixel value"""
    saturation: tuple[float, float] = (0, 0)
    """the fractions of pixel values below and above the range"""


def pixel_formats(reports: Sequence[FileReport]) -> Iterator[Finding]:
    """Yield the colour modes of the files, and how many files are rotated by EXIF."""
    headers = [report.header for report in reports if report.header]
    modes = Counter(header.mode for header in headers)
    text = f"modes: {', '.join(f'{count} {mode}' for mode, count in modes.most_common())}"
    if len(modes) == 1:
        yield Finding("ok", text)
    elif modes:
        domains = {report.domain for report in reports if report.domain}
        counts = sorted({domain.channels for domain in domains}, reverse=True)
        channels = " or ".join(map(str, counts)) or "the same number of"
        yield Finding("note", text, f"read with {channels} channels: see data.channels")
    if rotated := sum(header.orientation > 1 for header in headers):
        yield Finding(
            "ok", f"{rotated} are rotated by their EXIF tag", "they are rotated when read"
        )


def pixel_values(reports: Sequence[FileReport]) -> Iterator[Finding]:
    """Yield dtype and values of each domain, and the mean fraction of values outside its range."""
    by_domain: dict[Domain, list[FileReport]] = defaultdict(list)
    for report in reports:
        if report.domain and report.header:
            by_domain[report.domain].append(report)
    for domain, files in by_domain.items():
        name, (low, high) = domain.name or "images", domain.range
        unit = f" {domain.unit}" if domain.unit else ""
        smallest, largest = min(r.values[0] for r in files), max(r.values[1] for r in files)
        plural = "s" if domain.channels > 1 else ""
        yield Finding(
            "ok",
            f"{name}: {domain.channels} channel{plural} of {domain.dtype}, values from "
            f"{smallest:g} to {largest:g}{unit}; {low:g} is black and {high:g} white",
        )
        dtypes = Counter(report.header.dtype for report in files if report.header)
        if len(dtypes) > 1:
            text = ", ".join(f"{count} {dtype}" for dtype, count in dtypes.most_common())
            yield Finding(
                "note",
                f"{name}: {text}",
                f"read as {domain.dtype}: white of each type is white of {domain.dtype}",
            )
        below, above = (
            sum(report.saturation[side] for report in files) / len(files) for side in (0, 1)
        )
        if text := levels.describe_saturation((below, above), domain):
            yield Finding("note", text, "clipped: see data.range")


def sizes(reports: Sequence[FileReport]) -> Iterator[Finding]:
    """Yield the most common sizes in pixels."""
    counts = Counter(report.header.size for report in reports if report.header)
    if not counts:
        return
    common = ", ".join(f"{count} {w}x{h}" for (h, w), count in counts.most_common(LISTED_SIZES))
    others = len(counts) - LISTED_SIZES
    more = f", and {others} other sizes" if others > 0 else ""
    yield Finding("ok", f"sizes: {common}{more}")
