"""Processing around the network, the same for `translate infer` and `Translator`.

`ImageProcessor.preprocess` makes the network's input from an image: halves, holes, sizes.
`ImageProcessor.translate` translates several of one size, and `ImageProcessor.postprocess` makes
the result of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain
from translate.engine.inference.image_model import ImageModel
from translate.engine.inference.tile_options import TileOptions
from translate.errors import ConfigError
from translate.images import domain_images
from translate.images.layers import Pixels
from translate.images.levels import to_uint8
from translate.images.source import MAX_PIXELS

if TYPE_CHECKING:
    from translate.engine.inference.tiles import Tiler

PHOTOGRAPH = Domain("")


class OutputForm(NamedTuple):
    """Options of reading images and of writing results."""

    input_size: tuple[int, int]
    """height and width of the image as the network gets it"""
    size: tuple[int, int]
    """height and width of the result"""
    channels: int
    """of the result"""
    gray: bool = False
    """whether the result has no colour, whatever its channels"""
    known: Pixels | None = None
    """the image before it was resized, where its known pixels are put back"""
    hole: Pixels | None = None
    """(height, width, 1), not zero where pixels are not known"""


@dataclass(frozen=True)
class ImageProcessor:
    """Translates images to one domain, at one size."""

    model: ImageModel
    to: str
    half: int | None = None
    """the half of a joined image that is translated; None: all of it"""
    size: int | None = None
    """what the shorter side is scaled to first; None: nothing is scaled"""
    scale_back: bool = False
    """whether results have the size that they would have without `size`; without a `size`, images
    are translated at the size of the training crops"""
    max_pixels: int = MAX_PIXELS
    """of a resized image"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """of the recipe's `translate`"""
    seed: int | None = None
    """of the noise, if the recipe takes noise"""
    limits: TileOptions | None = None
    """of the memory for one image; None: images are translated whole"""

    @cached_property
    def tiler(self) -> Tiler | None:
        """What translates images in tiles, if there are limits."""
        if self.limits is None or not self.model.tiles:
            if self.limits and self.limits.tile:
                raise ConfigError(
                    f"tile: {self.model.name} is an exported model, which translates images whole: "
                    "leave --tile out."
                )
            return None
        from translate.engine.inference.model import require_recipe  # seconds: PyTorch
        from translate.engine.inference.tiles import Tiler

        model = require_recipe(self.model)
        return Tiler(model, self.to, self.options, self.seed, self.limits)

    @property
    def source(self) -> Domain:
        """The domain in which images are read."""
        return self.model.source_and_target(self.to)[0]

    @property
    def file(self) -> Domain:
        """The domain in which files are read: joined label maps in colour, for their other half."""
        source = self.source
        return source if self.half is None or not source.labels else replace(source, channels=3)

    @property
    def target(self) -> Domain:
        """The domain in which results are read."""
        return self.model.source_and_target(self.to)[1]

    @property
    def shorter(self) -> int | None:
        """The scaled length of the shorter side; None: unscaled."""
        if self.size or not self.scale_back or self.model.unscaled:
            return self.size
        return min(self.model.spec.size)

    def preprocess(
        self, pixels: Pixels, *, single: bool, hole: Pixels | None = None
    ) -> tuple[Pixels, OutputForm]:
        """Return the network's input for an image, (height, width, channels), and its output form.

        Args:
            pixels: the image, read as `file` says.
            single: whether it had one channel before it was read.
            hole: (height, width, 1) bytes, 255 in the hole, for a recipe that takes a mask; of the
                whole image, or of the half that is translated. It becomes the last channel.

        Raises:
            ValueError: where resizing makes more than `max_pixels`; for a joined image without
                halves, a hole of another size, and a label map that `source` cannot hold.
        """
        if self.half is not None:
            if pixels.shape[1] < 2:
                raise ValueError("one pixel wide is no pair of images")
            if hole is not None and hole.shape[:2] == pixels.shape[:2]:
                hole = halved(hole, self.half)
            pixels = domain_images.convert(halved(pixels, self.half), self.source)
        height, width = pixels.shape[:2]
        if hole is not None and hole.shape[:2] != (height, width):
            raise ValueError(f"is {width}x{height}, but its mask {hole.shape[1]}x{hole.shape[0]}")
        keeps_gray = self.model.keeps_gray and self.target.channels == 3
        gray = keeps_gray and is_gray(pixels)
        channels = 1 if gray and single else self.target.channels
        resized = scaled(pixels, self.shorter, self.max_pixels, self.source)
        input_size = resized.shape[0], resized.shape[1]
        restore = hole is not None and self.scale_back and input_size != (height, width)
        if hole is not None:
            resized = with_hole(resized, scaled(hole, self.shorter, self.max_pixels))
        scale = self.model.geometry.scale
        rows, columns = (height, width) if self.scale_back else input_size
        known, hole = (pixels, hole) if restore and scale == 1 else (None, None)
        size = scale * rows, scale * columns
        return resized, OutputForm(input_size, size, channels, gray, known, hole)

    def translate(
        self, images: Sequence[Pixels], *, floats: bool = False
    ) -> list[NDArray[Any] | None]:
        """Return the translations of inputs of one size, as `ImageModel.translate` does."""
        if self.tiler and self.tiler.wants(images[0].shape[:2]):
            from translate.engine.inference.tiled_pixels import translate_pixels

            return [translate_pixels(self.tiler, image, floats=floats) for image in images]
        return self.model.translate(
            images, self.to, floats=floats, options=self.options, seed=self.seed
        )

    def postprocess(self, pixels: NDArray[Any], form: OutputForm) -> NDArray[Any]:
        """Return the network's output with the size and the channels of its `form`."""
        if pixels.shape[:2] != form.size:
            pixels = domain_images.resize(pixels, form.size, self.target)
            if pixels.dtype == np.float32:
                pixels = pixels.clip(0, 1)  # cubic interpolation overshoots
        if form.known is not None and form.hole is not None:
            pixels = np.where(form.hole, pixels, _as(form.known, pixels.dtype))
        if form.gray:
            pixels = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)[..., None]
        if pixels.shape[2] != form.channels:
            pixels = np.repeat(pixels, form.channels, axis=2)
        return pixels


def halved(pixels: Pixels, half: int) -> Pixels:
    """Return the left half of `pixels`, or for 1 the right one."""
    width = pixels.shape[1] // 2
    return pixels[:, half * width : (half + 1) * width]


def scaled(
    pixels: Pixels,
    shorter: int | None,
    max_pixels: int = MAX_PIXELS,
    kind: Domain = PHOTOGRAPH,
) -> Pixels:
    """Return `pixels` with the shorter side scaled to `shorter`; None: as they are.

    Raises `ValueError` if that makes more than `max_pixels` of them.
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
    return domain_images.resize(pixels, (round(height * scale), round(width * scale)), kind)


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
