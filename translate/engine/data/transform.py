"""What happens to the pictures of one item: a pure function of the random numbers it is given.

The picture is scaled, then comes a random crop, then a flip, then what ``data.augment`` lists.
This is the only file that knows albumentations, which is imported where something is listed.
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
from translate.errors import ConfigError, suggest
from translate.images import domain_images
from translate.images.layers import Pixels, guarded
from translate.images.resize import pad_to
from translate.images.source import MAX_PIXELS
from translate.images.tensors import as_tensor, to_uint8

ROLES = ("source", "target", "both")


class Listed(NamedTuple):
    """One transform of ``data.augment``."""

    transform: Any
    to: str
    moves: bool
    """whether it is geometry, which pairs share"""

    def apply(self, pixels: Pixels, seed: int, *, labels: bool = False) -> Pixels:
        """Return changed `pixels`: equal seeds change pictures of one size alike.

        Label maps only move: no colour of theirs changes, and none is blended with another.
        """
        if labels and not self.moves:
            return pixels
        self.transform.set_random_state(np.random.default_rng(seed), Random(seed))
        if labels:
            return self.transform(image=pixels, mask=pixels)["mask"].reshape(pixels.shape)
        return self.transform(image=pixels)["image"]


class Augment:
    """Makes the transform of each item; `read` returns the bytes of a file."""

    def __init__(
        self, data: Data, spec: ImageSpec, read: Callable[[Path], NDArray[np.uint8]]
    ) -> None:
        self.data, self.domains, self.read = data, domain_images.by_role(spec), read
        self.listed = [_listed(entry, data, self.domains) for entry in data.augment]

    def item(self, random: Random) -> "Item":
        """Return the transform of the one item that `random` belongs to."""
        return Item(self, random)

    def scaled(self, height: int, width: int, random: Random) -> tuple[int, int]:
        """Return the size before the crop: the configured one, or larger where the crop is.

        Raises `ValueError` where that makes more pixels than are decoded.
        """
        side = None
        if sides := self.data.shorter_side:
            least, most = sides
            side = random.randint(least, most) if least < most else least  # which draws nothing
        return scaled_size(self.data, height, width, side)


def scaled_size(data: Data, height: int, width: int, side: int | None) -> tuple[int, int]:
    """Return the size before the crop of an image whose shorter side becomes `side`.

    Raises `ValueError` where that is more pixels than are decoded of a file.
    """
    rows, columns = data.crop
    if data.resize == "fit":
        shrunk = min(1, max(rows / height, columns / width))
        return max(1, round(height * shrunk)), max(1, round(width * shrunk))
    scale = max(side / min(height, width) if side else 1.0, rows / height, columns / width)
    size = max(rows, round(height * scale)), max(columns, round(width * scale))
    if size[0] * size[1] > max(MAX_PIXELS, height * width):
        raise ValueError(
            f"its {width}x{height} pixels would become {size[1]}x{size[0]} before a crop of "
            f"{columns}x{rows}, more than {MAX_PIXELS:,}: split it"
        )
    return size


def require_size(data: Data, height: int, width: int) -> None:
    """Raise `ValueError` for an image that may become too large before it is cropped."""
    scaled_size(data, height, width, (data.shorter_side or (None, None))[1])


class Item:
    """The `translate.batches.Transform` of one item: each call draws anew, but always the same."""

    def __init__(self, augment: Augment, random: Random) -> None:
        self._augment, self._random = augment, random
        self._path: Path | None = None

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Return (height, width, channels) bytes."""
        self._path = self._path or path
        return self._augment.read(path)

    def __call__(
        self, *pictures: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Crop, flip and augment `pictures` alike; return (channels, height, width) bytes.

        Whatever goes wrong is a `BadImage` of the first file that was read.
        """
        sizes = {picture.shape[:2] for picture in pictures}
        if len(sizes) != 1:
            raise ValueError(f"pictures of different sizes cannot be cropped alike: {sizes}")
        if self._path is None:
            return self._crops(pictures, roles)
        with guarded(self._path):
            return self._crops(pictures, roles)

    def _crops(self, pictures: Sequence[NDArray[Any]], roles: Sequence[str]) -> tuple[Tensor, ...]:
        by_role = self._augment.domains
        each = [domain_images.of_role(by_role, roles, place) for place in range(len(pictures))]
        rows, columns = self._augment.data.crop
        height, width = pictures[0].shape[:2]
        height, width = self._augment.scaled(height, width, self._random)
        top = self._random.randint(0, max(0, height - rows))
        left = self._random.randint(0, max(0, width - columns))
        mirror = -1 if self._random.random() < 0.5 and self._augment.data.flip else 1
        crops = []
        for picture, domain in zip(pictures, each, strict=True):
            scaled = domain_images.resize(picture, (height, width), domain)
            crop = scaled[top : top + rows, left : left + columns][:, ::mirror]
            crop = pad_to(np.array(to_uint8(crop)), (rows, columns))
            crops.append(domain_images.convert(crop, domain))
        for listed in self._augment.listed:
            seed = self._random.getrandbits(64)
            for place, role in enumerate(roles[: len(crops)]):
                if listed.to in ("both", role):
                    crops[place] = listed.apply(crops[place], seed, labels=each[place].labels)
        return tuple(as_tensor(crop) for crop in crops)


def _listed(entry: Mapping[str, Any], data: Data, by_role: Mapping[str, Domain]) -> Listed:
    """Return one entry of ``data.augment``, tried on gray crops; raises `ConfigError`."""
    known = _albumentations()
    options = {key: value for key, value in entry.items() if key not in ("name", "to")}
    name, to = entry.get("name"), entry.get("to", "both")
    if not isinstance(name, str) or name not in known:
        raise ConfigError(f"data.augment: there is no {name!r}.{suggest(str(name), known)}")
    if to not in ROLES:
        raise ConfigError(f"data.augment: {name}, to: {to!r}.{suggest(str(to), ROLES)}")
    for key in options.keys() - (arguments := signature(known[name]).parameters).keys():
        raise ConfigError(f"data.augment: {name} has no {key!r}.{suggest(key, arguments)}")
    try:
        transform = known[name](**options)
    except Exception as error:
        raise ConfigError(f"data.augment: {name}: {_reason(error)}") from error
    moves = "mask" in transform.targets  # geometry, which pairs must share
    listed = Listed(transform, "both" if moves else to, moves)
    changed = {
        domain.channels
        for role, domain in by_role.items()
        if listed.to in ("both", role) and (moves or not domain.labels)
    }
    if not changed:
        others = " and ".join(role for role, domain in by_role.items() if not domain.labels)
        fix = f"Try to: {others}." if others else "Remove it."
        raise ConfigError(
            f"data.augment: {name} changes colours, and {listed.to} is label maps here. {fix}"
        )
    for channels in changed:
        _try(listed, name, np.full((*data.crop, channels), 128, np.uint8))
    return listed


def _try(listed: Listed, name: str, crop: Pixels) -> None:
    """Raise `ConfigError` where a transform fails on `crop`, or changes what crops are."""
    try:
        listed.transform.set_random_state(np.random.default_rng(0), Random(0))
        result = listed.transform(image=crop.copy(), force_apply=True)["image"]
    except Exception as error:
        raise ConfigError(f"data.augment: {name}: {_reason(error)}") from error
    if result.shape != crop.shape or result.dtype != crop.dtype:
        raise ConfigError(f"data.augment: {name} changes what size or type pictures have.")


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if "errors.pydantic" not in line]
    return " ".join(lines)


def _albumentations() -> dict[str, Any]:
    """Return the transforms of single pictures, by name."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network for a newer self
    import albumentations  # slow, and most runs list nothing

    kinds = (albumentations.ImageOnlyTransform, albumentations.DualTransform)
    return {
        name: kind
        for name, kind in vars(albumentations).items()
        if isinstance(kind, type) and issubclass(kind, kinds) and kind not in kinds
    }
