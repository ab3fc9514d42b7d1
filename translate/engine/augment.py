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

from translate import images
from translate.engine.config import Data
from translate.errors import ConfigError, suggest
from translate.images import Pixels

ROLES = ("source", "target", "both")


class Listed(NamedTuple):
    """One transform of ``data.augment``."""

    transform: Any
    to: str

    def apply(self, pixels: Pixels, seed: int) -> Pixels:
        """Return changed `pixels`: equal seeds change pictures of one size alike."""
        self.transform.set_random_state(np.random.default_rng(seed), Random(seed))
        return self.transform(image=pixels)["image"]


class Augment:
    """Makes the transform of each item; `read` returns the bytes of a file."""

    def __init__(
        self, data: Data, channels: int, read: Callable[[Path], NDArray[np.uint8]]
    ) -> None:
        self.data, self.channels, self.read = data, channels, read
        self.listed = [_listed(entry, data, channels) for entry in data.augment]

    def item(self, random: Random) -> "Item":
        """Return the transform of the one item that `random` belongs to."""
        return Item(self, random)

    def scaled(self, height: int, width: int, random: Random) -> tuple[int, int]:
        """Return the size before the crop: the configured one, or larger where the crop is."""
        rows, columns = self.data.crop
        if self.data.resize == "fit":
            shrunk = min(1, max(rows / height, columns / width))
            return max(1, round(height * shrunk)), max(1, round(width * shrunk))
        scale = 1.0
        if sides := self.data.shorter_side:
            least, most = sides
            side = random.randint(least, most) if least < most else least  # which draws nothing
            scale = side / min(height, width)
        scale = max(scale, rows / height, columns / width)
        return max(rows, round(height * scale)), max(columns, round(width * scale))


class Item:
    """The `translate.batches.Transform` of one item: each call draws anew, but always the same."""

    def __init__(self, augment: Augment, random: Random) -> None:
        self._augment, self._random = augment, random

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Return (height, width, channels) bytes."""
        return self._augment.read(path)

    def __call__(
        self, *pictures: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Crop, flip and augment `pictures` alike; return (channels, height, width) bytes."""
        sizes = {picture.shape[:2] for picture in pictures}
        channels = self._augment.channels
        if len(sizes) != 1:
            raise ValueError(f"pictures of different sizes cannot be cropped alike: {sizes}")
        rows, columns = self._augment.data.crop
        height, width = sizes.pop()
        height, width = self._augment.scaled(height, width, self._random)
        top = self._random.randint(0, max(0, height - rows))
        left = self._random.randint(0, max(0, width - columns))
        mirror = -1 if self._random.random() < 0.5 and self._augment.data.flip else 1
        crops = [
            images.resize(picture, (height, width))[top : top + rows, left : left + columns]
            for picture in pictures
        ]
        crops = [np.array(images.to_bytes(crop[:, ::mirror])) for crop in crops]
        crops = [images.grown(crop, (rows, columns)) for crop in crops]
        crops = [
            c if c.shape[2] == channels else images.from_array(c, channels=channels) for c in crops
        ]
        for listed in self._augment.listed:
            seed = self._random.getrandbits(64)
            for place, role in enumerate(roles[: len(crops)]):
                if listed.to in ("both", role):
                    crops[place] = listed.apply(crops[place], seed)
        return tuple(images.as_tensor(crop) for crop in crops)


def _suited(pixels: Pixels, channels: int) -> Pixels:
    """Return `pixels` in colour or gray: what a layout reads in its own way may be either."""
    if pixels.shape[2] == channels:
        return pixels
    return images.from_array(pixels, channels=channels)


def _listed(entry: Mapping[str, Any], data: Data, channels: int) -> Listed:
    """Return one entry of ``data.augment``, tried on a gray picture; raises `ConfigError`."""
    known = _albumentations()
    options = {key: value for key, value in entry.items() if key not in ("name", "to")}
    name, to = entry.get("name"), entry.get("to", "both")
    if not isinstance(name, str) or name not in known:
        raise ConfigError(f"data.augment: there is no {name!r}.{suggest(str(name), known)}")
    if to not in ROLES:
        raise ConfigError(f"data.augment: {name}, to: {to!r}.{suggest(str(to), ROLES)}")
    for key in options.keys() - (arguments := signature(known[name]).parameters).keys():
        raise ConfigError(f"data.augment: {name} has no {key!r}.{suggest(key, arguments)}")
    picture = np.full((*data.crop, channels), 128, np.uint8)
    try:
        transform = known[name](**options)
        transform.set_random_state(np.random.default_rng(0), Random(0))
        result = transform(image=picture.copy(), force_apply=True)["image"]
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if "errors.pydantic" not in line]
        raise ConfigError(f"data.augment: {name}: {' '.join(lines)}") from error
    if result.shape != picture.shape or result.dtype != picture.dtype:
        raise ConfigError(f"data.augment: {name} changes what size or type pictures have.")
    moves = "mask" in transform.targets  # geometry, which pairs must share
    return Listed(transform, "both" if moves else to)


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
