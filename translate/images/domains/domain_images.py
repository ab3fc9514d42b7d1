"""Read, resize and convert images so that they have the channels and dtype of their domain.

The channels of a file are called bands. Intensities are images of a domain with the full range of
its dtype, other than int16, and without unit, such as photographs. The first row that applies
counts:

=================================  =================================================================
content of a file                  how it is read
=================================  =================================================================
another dtype                      intensities: scaled proportionally; else refused
bands that `Domain.bands` names    those bands, in that order
as many bands as the domain        unchanged, with an alpha channel as the last band
alpha channel                      intensities: composited over white; else ignored
other numbers of bands             intensities: the first three as RGB, or their luma as gray
=================================  =================================================================

Each pixel of a label map is the colour or index of a class, so no other values may be created:
label maps are resized by nearest neighbour, their values are kept at any bit depth, and if the
domain has one channel, a palette image is read as its indices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain, ImageSpec, Layout
from translate.formats import Header
from translate.images.domains import label_maps
from translate.images.domains.levels import is_photographic, scale_dtype
from translate.images.layers import Layers, Pixels, errors_as_bad_image, with_channels
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage

HALF_LEVEL = 1 / 131070
"""half a quantization step of 16 bits: floats may exceed [0, 1] by it"""


def domains_by_role(spec: ImageSpec) -> Mapping[str, Domain]:
    """Return the domains by role: ``source``, ``target``, and the name of each domain."""
    domain_by_name = {domain.name: domain for domain in spec.domains}
    return domain_by_name | {"source": spec.source, "target": spec.target}


def domain_of_role(by_role: Mapping[str, Domain], roles: Sequence[str], index: int) -> Domain:
    """Return the domain of image `index` by its role; the source domain if it has no role."""
    return by_role.get(roles[index] if index < len(roles) else "", by_role["source"])


def domains_by_file(layout: Layout) -> Mapping[Path, Domain]:
    """Return the domain of each file; files of two domains with different settings are omitted."""
    domains, ambiguous = dict[Path, Domain](), set[Path]()
    for domain, files in zip(layout.spec.domains, layout.domain_files, strict=False):
        for path in files:
            if replace(domains.setdefault(path, domain), name=domain.name) != domain:
                ambiguous.add(path)
            domains[path] = domain
    return {path: domain for path, domain in domains.items() if path not in ambiguous}


def common_domain(spec: ImageSpec) -> Domain:
    """Return a domain for files of unknown domain, with the most channels of all domains."""
    domains = spec.domains or (spec.source,)
    template = next((domain for domain in domains if not domain.labels), domains[0])
    return replace(template, name="", channels=max(domain.channels for domain in domains))


def read(path: Path, domain: Domain) -> Pixels:
    """Return the pixels of a file; see `decode`."""
    return decode(EncodedImage.open(path), domain)


def decode(image: EncodedImage, domain: Domain) -> Pixels:
    """Return the pixels (H, W, C) of an image with the channels and the dtype of its domain.

    Values of label maps are not converted. Raises `BadImage` for an image that cannot be decoded
    completely, or cannot be converted to this dtype and these channels.
    """
    layers = image.decode_layers()
    with errors_as_bad_image(image.path):
        return scale_dtype(pixels_from_layers(layers, domain, image.path), domain.dtype)


def pixels_from_layers(layers: Layers, domain: Domain, path: Path) -> Pixels:
    """Return pixels (H, W, C) with the channels of their domain, in the dtype of the file.

    Args:
        layers: The pixels of a file.
        domain: The domain of the image; values of label maps are not converted.
        path: The file, for error messages.

    Raises:
        ValueError: The pixels cannot be converted to the channels and dtype of the domain.
    """
    if domain.labels:
        return label_maps.labels_from_layers(layers, path, domain.channels)
    if _needs_no_conversion(layers, domain):
        return np.ascontiguousarray(layers.pixels)
    _require_dtype(layers.pixels.dtype.name, domain)
    _require_unit_floats(layers.pixels, domain)
    count, has_alpha = _bands(layers.pixels), layers.alpha is not None
    _require_bands(count, has_alpha, domain)
    if domain.bands:
        bands = layers.with_alpha() if has_alpha else layers.pixels.reshape(*layers.size, count)
        return np.ascontiguousarray(bands[..., [band - 1 for band in domain.bands]])
    if has_alpha and count + 1 == domain.channels:
        return layers.with_alpha()
    if domain.alpha and domain.channels in (2, 4) and not has_alpha:
        colours = with_channels(_colours(layers.pixels), domain.channels - 1)
        return Layers(colours).opaque().with_alpha()
    if not is_photographic(domain):
        return with_channels(layers.pixels, domain.channels)
    pixels = layers.composite_over_white()
    return with_channels(_colours(pixels) if domain.channels in (1, 3) else pixels, domain.channels)


def _needs_no_conversion(layers: Layers, domain: Domain) -> bool:
    """Return whether the image and its domain are RGB of 8 bits, as most are."""
    pixels, alpha = layers.pixels, layers.alpha
    is_rgb = pixels.shape[2:] == (3,) and pixels.dtype == np.uint8 and alpha is None
    return is_rgb and domain.channels == 3 and domain.dtype == "uint8" and not domain.bands


def require_readable(header: Header, domain: Domain) -> None:
    """Raise `ValueError` for a file with a header that does not fit `domain`."""
    if domain.labels:
        return
    _require_dtype(header.dtype, domain)
    _require_bands(header.channels - header.alpha, header.alpha, domain)


def _require_dtype(dtype: str, domain: Domain) -> None:
    if dtype == domain.dtype or (is_photographic(domain) and dtype != "int16"):
        return
    low, high = domain.range
    raise ValueError(
        f"its pixel values are {dtype}, and those of {_name(domain)} are {domain.dtype} from "
        f"{low:g} to {high:g}: convert all files to one type"
    )


def _require_bands(count: int, has_alpha: bool, domain: Domain) -> None:
    """Raise `ValueError` if `count` bands, and perhaps an alpha channel, do not fit `domain`."""
    total = count + has_alpha
    if domain.bands:
        if (largest := max(domain.bands)) > total:
            raise ValueError(
                f"has {total} band{'s' if total > 1 else ''}, and data.bands names band {largest}: "
                f"expected bands from 1 to {total}"
            )
        return
    channels = domain.channels
    is_convertible = channels in (1, 3) and (is_photographic(domain) or count in (1, 3))
    gets_alpha = domain.alpha and count in (1, 3) and channels in (2, 4)
    if channels not in (count, total) and not is_convertible and not gets_alpha:
        raise ValueError(
            f"has {total} bands, and {_name(domain)} has {channels}: choose bands of all files in "
            f'training, as in --set "data.bands={{{domain.name or "ct"}: [1]}}"'
        )


def _require_unit_floats(pixels: Pixels, domain: Domain) -> None:
    """Raise `ValueError` for floats outside [0, 1] if the domain has no other range."""
    if pixels.dtype != np.float32 or not is_photographic(domain):
        return
    least, most = float(pixels.min()), float(pixels.max())
    if least < -HALF_LEVEL or most > 1 + HALF_LEVEL:
        raise ValueError(
            f"its values go from {least:g} to {most:g}: expected float32 from 0 to 1. Train with "
            f"the range of all files, as in --set "
            f'"data.range={{{domain.name or "ct"}: [{least:g}, {most:g}]}}"'
        )


def _bands(pixels: NDArray[Any]) -> int:
    return pixels.shape[2] if pixels.ndim == 3 else 1


def _colours(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the first three bands as RGB, or the first as gray if there are fewer than three."""
    if pixels.ndim == 2:
        return pixels
    return pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]


def _name(domain: Domain) -> str:
    return domain.name or "the domain"


def resize(pixels: Pixels, size: tuple[int, int], domain: Domain) -> Pixels:
    """Return an image (H, W, C) of `domain` at another `size`, height and width."""
    if not domain.labels:
        return resize_pixels(pixels, size)
    resized = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return resized.reshape(*size, pixels.shape[2])


def convert(pixels: Pixels, domain: Domain) -> Pixels:
    """Return `pixels` with the channels of its `domain`.

    Raises `ValueError` for label maps if two classes would become one.
    """
    if pixels.shape[2] == domain.channels:
        return pixels
    if domain.labels and domain.channels == 1:
        return label_maps.class_indices(pixels)
    return with_channels(pixels, domain.channels)
