"""The transform of the images of one item: a function of the images and a random generator.

An image is scaled, cropped at random, flipped, and augmented by the entries of ``data.augment``.
Only this module uses albumentations, which is imported if there are entries.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.config.schema import Data
from translate.engine.loading.scaling import scale
from translate.errors import ConfigError, suggest
from translate.images.domains import domain_images
from translate.images.domains.levels import scale_dtype
from translate.images.layers import Pixels, errors_as_bad_image
from translate.images.resize import pad_to
from translate.images.source import MAX_PIXELS
from translate.images.tensors import planar, planar_copy

ROLES = ("source", "target", "both")


class Augmentation(NamedTuple):
    """One entry of ``data.augment``."""

    transform: Any
    to: str
    """one of `ROLES`: the images to change"""
    is_geometric: bool
    """whether the transform moves pixels; it is then applied to all images of an item"""

    def apply(self, pixels: Pixels, seed: int, domain: Domain) -> Pixels:
        """Return augmented `pixels`; equal seeds transform images of one size equally.

        Label maps are only transformed geometrically, with nearest-neighbour interpolation.
        """
        if domain.labels and not self.is_geometric:
            return pixels
        pixels = np.ascontiguousarray(pixels)
        self.transform.set_random_state(np.random.default_rng(seed), Random(seed))
        if domain.labels:
            return self.transform(image=pixels, mask=pixels)["mask"].reshape(pixels.shape)
        return self.transform_pixels(pixels, domain)

    def transform_pixels(self, pixels: Pixels, domain: Domain, **options: Any) -> Pixels:
        """Return `pixels` after the transform.

        A transform of colours gets images of other types than uint8 as floats, with the range of
        the domain mapped to [0, 1], which all transforms of albumentations accept.
        """
        if self.is_geometric or domain.dtype == "uint8":
            return self.transform(image=pixels, **options)["image"]
        low, high = domain.range
        unit = np.clip((pixels.astype(np.float32) - low) / (high - low), 0, 1, dtype=np.float32)
        floats = self.transform(image=unit, **options)["image"].clip(0, 1) * (high - low) + low
        return floats if domain.dtype == "float32" else np.rint(floats).astype(domain.dtype)


class Augment:
    """Creates the transform of each item; `read` returns the pixels of a file, `scale` scales."""

    def __init__(
        self,
        data: Data,
        spec: ImageSpec,
        read: Callable[[Path], NDArray[Any]],
        scale: Callable[[Pixels, tuple[int, int], Domain], Tensor] = scale,
    ) -> None:
        self.data, self.domains, self.read = data, domain_images.domains_by_role(spec), read
        self.scale = scale
        self.augmentations = [_create(entry, data, self.domains) for entry in data.augment]

    def item(self, random: Random) -> "ItemTransform":
        """Return the transform of one item, with its random numbers."""
        return ItemTransform(self, random)

    def random_size(self, height: int, width: int, random: Random) -> tuple[int, int]:
        """Return the size before the crop; the shorter side is random if there is a range.

        Raises `ValueError` for more than `MAX_PIXELS` pixels.
        """
        side = None
        if sides := self.data.shorter_side:
            # for equal sides, no random number is drawn
            side = sides[0] if sides[0] == sides[1] else random.randint(*sides)
        return scaled_size(self.data, height, width, side)


def scaled_size(data: Data, height: int, width: int, side: int | None) -> tuple[int, int]:
    """Return the size before the crop of an image that is resized to the shorter side `side`.

    The size is at least that of the crop, unless ``data.resize`` is ``fit``. Raises `ValueError`
    for more than `MAX_PIXELS` pixels.
    """
    rows, columns = data.crop
    if data.resize == "fit":
        scale = min(1, max(rows / height, columns / width))
        return max(1, round(height * scale)), max(1, round(width * scale))
    scale = max(side / min(height, width) if side else 1.0, rows / height, columns / width)
    size = max(rows, round(height * scale)), max(columns, round(width * scale))
    if size[0] * size[1] > max(MAX_PIXELS, height * width):
        raise ValueError(
            f"its {width}x{height} pixels would become {size[1]}x{size[0]} before a crop of "
            f"{columns}x{rows}, more than {MAX_PIXELS:,}: split it"
        )
    return size


def require_size(data: Data, height: int, width: int) -> None:
    """Raise `ValueError` for an image that may exceed `MAX_PIXELS` before it is cropped."""
    scaled_size(data, height, width, (data.shorter_side or (None, None))[1])


class ItemTransform:
    """The `translate.batches.Transform` of one item, with its random numbers."""

    def __init__(self, augment: Augment, random: Random) -> None:
        self._augment, self._random = augment, random
        self._path: Path | None = None

    def read(self, path: Path) -> NDArray[Any]:
        """Return (height, width, channels), with the pixel values of the domain."""
        self._path = self._path or path
        return self._augment.read(path)

    def __call__(
        self, *images: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Crop, flip and augment `images` equally; return (channels, height, width) each.

        An exception becomes a `BadImage` of the first file that was read.
        """
        sizes = {image.shape[:2] for image in images}
        if len(sizes) != 1:
            raise ValueError(f"images of several sizes cannot be cropped at one position: {sizes}")
        if self._path is None:
            return self._crops(images, roles)
        with errors_as_bad_image(self._path):
            return self._crops(images, roles)

    def _crops(self, images: Sequence[NDArray[Any]], roles: Sequence[str]) -> tuple[Tensor, ...]:
        by_role = self._augment.domains
        count = len(images)
        domains = [domain_images.domain_of_role(by_role, roles, place) for place in range(count)]
        rows, columns = self._augment.data.crop
        height, width = images[0].shape[:2]
        height, width = self._augment.random_size(height, width, self._random)
        top = self._random.randint(0, max(0, height - rows))
        left = self._random.randint(0, max(0, width - columns))
        mirror = self._random.random() < 0.5 and self._augment.data.flip
        crops = []
        for image, domain in zip(images, domains, strict=True):
            scaled = self._augment.scale(image, (height, width), domain)
            crop = planar_copy(scaled[:, top : top + rows, left : left + columns])
            crop = crop.flip(2) if mirror else crop
            pixels = scale_dtype(crop.permute(1, 2, 0).numpy(), domain.dtype)
            crops.append(domain_images.convert(pad_to(pixels, (rows, columns)), domain))
        for augmentation in self._augment.augmentations:
            seed = self._random.getrandbits(64)
            for number, role in enumerate(roles[: len(crops)]):
                if augmentation.to in ("both", role):
                    crops[number] = augmentation.apply(crops[number], seed, domains[number])
        return tuple(planar(crop) for crop in crops)


def _create(entry: Mapping[str, Any], data: Data, by_role: Mapping[str, Domain]) -> Augmentation:
    """Return one entry of ``data.augment``, tried on blank crops; raises `ConfigError`."""
    available = _albumentations()
    options = {key: value for key, value in entry.items() if key not in ("name", "to")}
    name, to = entry.get("name"), entry.get("to", "both")
    if not isinstance(name, str) or name not in available:
        raise ConfigError(f"data.augment: there is no {name!r}.{suggest(str(name), available)}")
    if to not in ROLES:
        raise ConfigError(f"data.augment: {name}, to: {to!r}.{suggest(str(to), ROLES)}")
    for key in options.keys() - (arguments := signature(available[name]).parameters).keys():
        raise ConfigError(f"data.augment: {name} has no {key!r}.{suggest(key, arguments)}")
    try:
        transform = available[name](**options)
    except Exception as error:
        raise ConfigError(f"data.augment: {name}: {_reason(error)}") from error
    is_geometric = "mask" in transform.targets
    augmentation = Augmentation(transform, "both" if is_geometric else to, is_geometric)
    domains = [domain for role, domain in by_role.items() if augmentation.to in ("both", role)]
    changed_domains = [d for d in dict.fromkeys(domains) if is_geometric or not d.labels]
    if not changed_domains:
        others = " and ".join(role for role in ROLES[:2] if not by_role[role].labels)
        fix = f"Try to: {others}." if others else "Remove it."
        raise ConfigError(
            f"data.augment: {name} changes colours, and {augmentation.to} is label maps here. {fix}"
        )
    for domain in changed_domains:
        _try(augmentation, name, domain, data.crop)
    return augmentation


def _try(augmentation: Augmentation, name: str, domain: Domain, size: tuple[int, int]) -> None:
    """Raise `ConfigError` if a transform fails on a crop of `domain`, or changes its shape."""
    crop = np.full((*size, domain.channels), sum(domain.range) / 2, domain.dtype)
    try:
        augmentation.transform.set_random_state(np.random.default_rng(0), Random(0))
        result = augmentation.transform_pixels(crop.copy(), domain, force_apply=True)
    except Exception as error:
        kind = f"{domain.channels} channels of {domain.dtype}"
        raise ConfigError(
            f"data.augment: {name} does not suit {domain.name or 'images'} ({kind}): "
            f"{_reason(error)}"
        ) from error
    if result.shape != crop.shape or result.dtype != crop.dtype:
        raise ConfigError(f"data.augment: {name} changes the size or type of images.")


def _reason(error: Exception) -> str:
    """Return the message of albumentations in one line, without a link to pydantic's pages."""
    lines = [line.strip() for line in str(error).splitlines() if "errors.pydantic" not in line]
    return " ".join(lines)


def _albumentations() -> dict[str, Any]:
    """Return the transforms of single images, by name."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # otherwise it looks for an update online
    import albumentations  # slow, and not used by most runs

    kinds = (albumentations.ImageOnlyTransform, albumentations.DualTransform)
    return {
        name: kind
        for name, kind in vars(albumentations).items()
        if isinstance(kind, type) and issubclass(kind, kinds) and kind not in kinds
    }
