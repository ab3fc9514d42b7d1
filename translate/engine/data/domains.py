"""The domains of a layout: their settings, and the dtype and channels of their files.

Files of 8 bits with 1 or 3 channels are photographs, which are read in colour by default, and so
are files of any dtype if some have 1 channel and others 3. Other files are read with their own
dtype and channels. ``data.channels`` overrides the channels.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from statistics import mode
from typing import NamedTuple

from translate.batches import FULL_RANGES, Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.config.value_types import of_domain
from translate.engine.data.blank import Blank
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.loading.order import spread
from translate.errors import ConfigError
from translate.folders.names import short_names
from translate.formats import Header

SAMPLED_FILES = 8
"""number of files of a domain; their headers decide its dtype and channels"""
PHOTOGRAPHS = ({1}, {3}, {1, 3})
"""sets of channel counts that the files of a domain of photographs may have"""


class PixelType(NamedTuple):
    """Dtype and channels of the sampled files of a domain."""

    dtype: str = "uint8"
    channels: int | None = None
    """None: those of ``data.channels``, or of the layout"""
    alpha: bool = False
    """whether the last channel is an alpha channel"""


def image_counts(layout: Layout) -> dict[str, int]:
    """Return the number of images of each domain; of all domains together if they share files."""
    names, files = layout.spec.names, layout.domain_files
    if len(files) == len(names):
        return {name: len(paths) for name, paths in zip(names, files, strict=True)}
    count = len(layout.files) or len(layout)  # a layout without files has one image for each item
    return {" and ".join(names): count}


def domains_of(layout: Layout, data: Data, files: OpenedFiles) -> tuple[Domain, ...]:
    """Return the domains of `layout` with short names and the settings of `data`.

    Dtype and channels are from the headers of a few files, which `files` reads and keeps.
    Raises `ConfigError` for settings that contradict each other.
    """
    domains, folders = layout.spec.domains, list(data.domains)
    if len(folders) != len(domains):  # the last folder has the images of several domains
        folders = [folders[0]] + [folders[-1]] * (len(domains) - 1)
    domain_files = layout.domain_files if len(layout.domain_files) == len(domains) else ()
    result = []
    for index, (domain, name) in enumerate(
        zip(domains, short_names(layout.spec.names), strict=True)
    ):
        paths = domain_files[index] if domain_files else layout.files
        headers = [h for path in spread(paths, SAMPLED_FILES) if (h := files.header(path))]
        result.append(_domain(replace(domain, name=name), folders[index], data, headers))
    return tuple(result)


def _domain(domain: Domain, name: str, data: Data, headers: Sequence[Header]) -> Domain:
    """Return `domain` with the pixel type of `headers`.

    Its other properties are the settings of `data` for the folder `name`.
    """
    labels, channels = data.is_labels(name), of_domain(data.channels, name)
    bands = of_domain(data.bands, name) or ()
    pixel_type = _pixel_type(headers, channels) if headers and not labels else PixelType()
    if bands and channels not in (None, len(bands)):
        raise ConfigError(
            f"data.bands: {len(bands)} bands of {name} are read, but data.channels is {channels}: "
            "leave data.channels out."
        )
    low, high = of_domain(data.range, name) or FULL_RANGES[pixel_type.dtype]
    return replace(
        domain,
        channels=len(bands) or channels or pixel_type.channels or domain.channels,
        range=(low, high),
        dtype=pixel_type.dtype,
        unit=of_domain(data.units, name) or "",
        labels=labels,
        bands=bands,
        alpha=pixel_type.alpha and not bands,
    )


def _pixel_type(headers: Sequence[Header], channels: int | None) -> PixelType:
    """Return the most common dtype of `headers`, and the most common channels with that dtype.

    The channels are None for photographs, or if the setting `channels` is given. An alpha channel
    is read if most files have one, and `channels` is the number of their channels including alpha.
    """
    dtype = mode(header.dtype for header in headers)
    same_dtype = [header for header in headers if header.dtype == dtype]
    counts = Counter(header.channels - header.alpha for header in same_dtype)
    mostly_transparent = 2 * sum(header.alpha for header in same_dtype) > len(same_dtype)
    if channels is not None:
        return PixelType(dtype, None, mostly_transparent and channels - 1 in counts)
    if set(counts) in PHOTOGRAPHS and (dtype == "uint8" or len(counts) > 1):
        return PixelType(dtype)
    return PixelType(dtype, mode(counts.elements()))


def require_compatible_domains(layout: Layout, data: Data) -> None:
    """Raise `ConfigError` if a field of batches has images of domains that are read differently."""
    first, *others = layout.spec.domains or (Domain(""),)
    different = [d for d in others if replace(d, name=first.name) != first]
    if not different:
        return
    # a layout with a field for each domain passes the name of each domain as a role
    blank = Blank(data.crop, layout.spec)
    layout.load(layout.pick(0, Random(0)), blank)
    read = {blank.domains[role] for role in blank.roles if role in blank.domains}
    if not read.issuperset(layout.spec.domains):
        descriptions = ", ".join(_describe(domain) for domain in (first, different[0]))
        raise ConfigError(
            f"data.channels, data.labels: the layout {data.layout_name!r} mixes the images of "
            f"{' and '.join(data.domains)} in one field, but they differ ({descriptions}): set one "
            "number of channels, as in --set data.channels=3, one range, and all domains as labels "
            "or none. (A layout with a field for each domain in its batches passes the names of "
            "the domains to its transform as `roles`.)"
        )


def _describe(domain: Domain) -> str:
    """Return name, channels, dtype and range of a domain as text."""
    low, high = domain.range
    values = "labels" if domain.labels else f"{domain.dtype} from {low:g} to {high:g}"
    return f"{domain.name}: {domain.channels} channels, {values}"
