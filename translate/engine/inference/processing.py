"""From one image to its translation: what `translate infer` and `Translator` have in common.

`Translation.prepare` makes of an image what the network gets,
`translate.engine.inference.model.Model` translates several of one size, and `Translation.finish`
makes the result of each.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.engine.inference.model import Model
from translate.images import kinds
from translate.images.decode import MAX_PIXELS, Pixels
from translate.images.kinds import Kind
from translate.images.tensors import to_uint8

PHOTOGRAPH = Kind()


class NetworkInput(NamedTuple):
    """An image on its way through the network."""

    pixels: Pixels
    """(height, width, channels) as the network gets them, a mask being the last channel; then as
    the network has drawn them"""
    size: tuple[int, int]
    """height and width of the result"""
    channels: int
    """of the result"""
    gray: bool = False
    """whether the result has no colour, whatever its channels"""
    known: Pixels | None = None
    """the image before it was resized, where its known pixels are to be put back"""
    hole: Pixels | None = None
    """(height, width, 1), not zero where they are not known"""


@dataclass(frozen=True)
class ImageProcessor:
    """One way to translate images."""

    model: Model
    to: str
    half: int | None = None
    """which half of a joined image is translated; None: all of it"""
    size: int | None = None
    """what the shorter side is scaled to first; None: nothing is scaled"""
    scale_back: bool = False
    """whether results have the size that they would have without `size`; without a `size`, images
    are translated at the size of the training crops"""
    max_pixels: int = MAX_PIXELS
    """of a resized image"""

    @property
    def source(self) -> Kind:
        """What the images are."""
        return self.model.kinds(self.to)[0]

    @property
    def file(self) -> Kind:
        """How files are read: joined label maps in colour, as the other half may have some."""
        source = self.source
        return source if self.half is None or not source.labels else source._replace(channels=3)

    @property
    def target(self) -> Kind:
        """What the results are."""
        return self.model.kinds(self.to)[1]

    @property
    def shorter(self) -> int | None:
        """What the shorter side is scaled to; None: nothing is scaled."""
        if self.size or not self.scale_back or self.model.unscaled:
            return self.size
        return min(self.model.spec.size)

    def prepare(self, pixels: Pixels, *, single: bool, hole: Pixels | None = None) -> NetworkInput:
        """Return `pixels`, (height, width, channels), as the network gets them.

        Args:
            pixels: the image, as `file` says.
            single: whether it had one channel before it was read.
            hole: (height, width, 1) bytes, 255 in the hole, for a recipe that takes a mask; of the
                whole image, or of the half that is translated.

        Raises:
            ValueError: where resizing makes more than `max_pixels`; for a joined image without
                halves, a hole of another size, and a label map that `source` cannot hold.
        """
        if self.half is not None:
            if pixels.shape[1] < 2:
                raise ValueError("one pixel wide is no pair of images")
            if hole is not None and hole.shape[:2] == pixels.shape[:2]:
                hole = halved(hole, self.half)
            pixels = kinds.convert(halved(pixels, self.half), self.source)
        height, width = pixels.shape[:2]
        if hole is not None and hole.shape[:2] != (height, width):
            raise ValueError(f"is {width}x{height}, but its mask {hole.shape[1]}x{hole.shape[0]}")
        keeps = self.model.recipe.keeps_gray and self.target.channels == 3
        gray = keeps and is_gray(pixels)
        channels = 1 if gray and single else self.target.channels
        given = scaled(pixels, self.shorter, self.max_pixels, self.source)
        if hole is not None:
            smaller = scaled(hole, self.shorter, self.max_pixels)
            given = with_hole(given, smaller)
        scale = self.model.recipe.scale
        if self.scale_back:
            size = scale * height, scale * width
        else:
            size = scale * given.shape[0], scale * given.shape[1]
        restore = hole is not None and self.scale_back and pixels.shape[:2] != given.shape[:2]
        known = pixels if restore and scale == 1 else None
        return NetworkInput(given, size, channels, gray, known, hole if known is not None else None)

    def finish(self, prepared: NetworkInput) -> NDArray[Any]:
        """Return what the network has drawn at the size, and with the channels, that are due."""
        drawn = prepared.pixels
        if drawn.shape[:2] != prepared.size:
            drawn = kinds.resize(drawn, prepared.size, self.target)
            if drawn.dtype == np.float32:
                drawn = drawn.clip(0, 1)  # cubic interpolation overshoots
        if prepared.known is not None and prepared.hole is not None:
            known = _as(prepared.known, drawn.dtype)
            drawn = np.where(prepared.hole, drawn, known)
        if prepared.gray:
            drawn = cv2.cvtColor(np.ascontiguousarray(drawn), cv2.COLOR_RGB2GRAY)[..., None]
        if drawn.shape[2] != prepared.channels:
            drawn = np.repeat(drawn, prepared.channels, axis=2)
        return drawn


def halved(pixels: Pixels, half: int) -> Pixels:
    """Return the left half of `pixels`, or for 1 the right one."""
    width = pixels.shape[1] // 2
    return pixels[:, half * width : (half + 1) * width]


def scaled(
    pixels: Pixels,
    shorter: int | None,
    max_pixels: int = MAX_PIXELS,
    kind: Kind = PHOTOGRAPH,
) -> Pixels:
    """Return `pixels` with the shorter side scaled to `shorter`; None: as they are.

    Raises `ValueError` where that makes more than `max_pixels` of them.
    """
    if shorter is None:
        return pixels
    height, width = pixels.shape[:2]
    count = height * width * shorter**2 // min(height, width) ** 2
    if count > max(max_pixels, height * width):
        raise ValueError(
            f"its {width}x{height} pixels would become {count:,} with a shorter side of "
            f"{shorter:,}: at most {max_pixels:,} are made, choose a smaller size"
        )
    scale = shorter / min(height, width)
    return kinds.resize(pixels, (round(height * scale), round(width * scale)), kind)


def is_gray(pixels: Pixels) -> bool:
    """Return whether there is no colour in `pixels`, (height, width, 1 or 3).

    Channels may differ by one of 255 levels, as they do where a lossy WebP or AVIF is decoded.
    """
    level = 1 / 250 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max // 255
    first, *others = cv2.split(np.ascontiguousarray(pixels))
    return all(cv2.absdiff(first, other).max() <= level for other in others)


def _as(pixels: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Return `pixels` as bytes, or as floats in [0, 1]."""
    if pixels.dtype == dtype:
        return pixels
    if dtype == np.float32:
        return pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    return to_uint8(pixels)


def with_hole(pixels: Pixels, hole: Pixels) -> Pixels:
    """Return `pixels` with one more channel, white where `hole` is not zero."""
    white = 1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
    return np.concatenate([pixels, np.where(hole > 0, white, 0).astype(pixels.dtype)], axis=2)
