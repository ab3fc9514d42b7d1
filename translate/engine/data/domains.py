"""The domains of a layout: their settings, and what is found in their files.

Files of 8 bits are photographs, read in colour unless ``data.channels`` says otherwise. All others
are read with the numbers and the channels that they have.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

from translate.batches import FULL_RANGES, Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.config.value_types import of_domain
from translate.engine.data.blank import Blank
from translate.engine.data.opened_files import OpenedFiles
from translate.errors import BadImage, ConfigError
from translate.folders.names import short_names
from translate.formats import Header

SAMPLED = 8
"""files of a domain, the headers of which decide the type of its numbers"""
PHOTOGRAPHS = ({1}, {3}, {1, 3})
"""numbers of bands of files that may be photographs"""


class Numbers(NamedTuple):
    """What the sampled files of a domain hold."""

    dtype: str = "uint8"
    channels: int | None = None
    """None: as the layout says"""
    alpha: bool = False
    """whether the last of the channels is opacity"""


def domains_of(layout: Layout, data: Data, files: OpenedFiles) -> tuple[Domain, ...]:
    """Return the domains of `layout` under short names, with the settings of `data`.

    Raises `ConfigError` for settings that contradict each other.
    """
    domains = layout.spec.domains
    configured = list(data.domains)
    if len(configured) != len(domains):  # two domains in one file or folder
        configured = [configured[0], *(configured[-1] for _ in domains)][: len(domains)]
    own = layout.domain_files if len(layout.domain_files) == len(domains) else ()
    found = []
    for place, (domain, short, name) in enumerate(
        zip(domains, short_names(layout.spec.names), configured, strict=True)
    ):
        paths = own[place] if own else layout.files
        found.append(_domain(replace(domain, name=short), name, data, _headers(paths, files)))
    return tuple(found)


def _domain(domain: Domain, name: str, data: Data, headers: Sequence[Header]) -> Domain:
    labels, channels = data.is_labels(name), data.channels_of(name)
    bands = of_domain(data.bands, name) or ()
    numbers = _numbers(headers, channels) if headers and not labels else Numbers()
    if bands and channels not in (None, len(bands)):
        raise ConfigError(
            f"data.bands: {len(bands)} of {name} are read, and data.channels is {channels}: "
            "leave data.channels out."
        )
    low, high = of_domain(data.range, name) or FULL_RANGES[numbers.dtype]
    return replace(
        domain,
        channels=len(bands) or channels or numbers.channels or domain.channels,
        range=(low, high),
        dtype=numbers.dtype,
        unit=of_domain(data.units, name) or "",
        labels=labels,
        bands=bands,
        alpha=numbers.alpha and not bands,
    )


def _headers(paths: Sequence[Path], files: OpenedFiles) -> list[Header]:
    """Return the headers of a few files that can be read, spread evenly."""
    count = min(SAMPLED, len(paths))
    headers = []
    for path in (paths[place * len(paths) // count] for place in range(count)):
        try:
            headers.append(files.read(path).header)
        except BadImage:  # the check lists it
            continue
    return headers


def _numbers(headers: Sequence[Header], channels: int | None) -> Numbers:
    """Return the type of most of the `headers`, and the channels of those."""
    (dtype, _), *_ = Counter(header.dtype for header in headers).most_common(1)
    alike = [header for header in headers if header.dtype == dtype]
    counts = Counter(header.channels - header.alpha for header in alike)
    transparent = 2 * sum(header.alpha for header in alike) > len(alike)
    if channels is not None:
        return Numbers(dtype, None, transparent and channels - 1 in counts)
    if set(counts) in PHOTOGRAPHS and (dtype == "uint8" or len(counts) > 1):
        return Numbers(dtype)
    (common, _), *_ = counts.most_common(1)
    return Numbers(dtype, common)


def require_compatible_domains(layout: Layout, data: Data) -> None:
    """Raise `ConfigError` if domains of different kinds are mixed in one field of batches."""
    first, *others = layout.spec.domains or (Domain(""),)
    different = [d for d in others if replace(d, name=first.name) != first]
    if not different:
        return
    blank = Blank(data.crop, layout.spec)
    layout.load(layout.pick(0, Random(0)), blank)
    if len(layout.spec.domains) > 2 or "target" not in blank.roles:
        kinds = ", ".join(_kind(domain) for domain in (first, different[0]))
        raise ConfigError(
            f"data.channels, data.labels: the layout {data.layout_name!r} mixes the images of "
            f"{' and '.join(data.domains)}, which are read in one way, and they differ ({kinds}): "
            "set one number of channels, as in  --set data.channels=3, one range, and all domains "
            "as labels or none."
        )


def _kind(domain: Domain) -> str:
    """Return what the numbers of a domain are, in a few words."""
    low, high = domain.range
    kind = "labels" if domain.labels else f"{domain.dtype} from {low:g} to {high:g}"
    return f"{domain.name}: {domain.channels} channels, {kind}"
