"""Processing around the network, the same for `translate infer` and `Translator`.

`ImageProcessor.preprocess` makes the network's input from an image: halves, holes, sizes.
`ImageProcessor.translate` translates several of one size, and `ImageProcessor.postprocess` makes
the result of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.batches import FULL_RANGES, Domain
from translate.engine.models.image_model import ImageModel
from translate.engine.models.tile_options import ImageTiler, TileOptions
from translate.images.domains import domain_images, levels
from translate.images.domains.levels import ClippedNumbers, is_gray, scale_dtype
from translate.images.layers import WHITE, Pixels, to_gray
from translate.images.resize import resize_pixels
from translate.images.source import MAX_PIXELS

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
    dtype: str = "uint8"
    """of the result's numbers"""
    alpha: Pixels | None = None
    """(height, width, 1) opacity of the image, which becomes the last channel of the result"""
    clipped: ClippedNumbers = ClippedNumbers(PHOTOGRAPH)
    """counts the numbers of the result that are clipped"""


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
    def tiler(self) -> ImageTiler | None:
        """What translates images in tiles, if there are limits and the model has tiles."""
        if self.limits is None:
            return None
        return self.model.tiler(self.to, self.options, self.seed, self.limits)

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
        self,
        pixels: Pixels,
        *,
        single: bool,
        hole: Pixels | None = None,
        alpha: Pixels | None = None,
        dtype: str = "uint8",
    ) -> tuple[Pixels, OutputForm]:
        """Return the network's input for an image, (height, width, channels), and its output form.

        Args:
            pixels: the image, read as `file` says.
            single: whether it had one channel before it was read.
            hole: (height, width, 1) bytes, 255 in the hole, for a recipe that takes a mask; of the
                whole image, or of the half that is translated. It becomes the last channel.
            alpha: (height, width, 1) opacity of the whole image, which the result gets; or None.
            dtype: the type of the result's numbers.

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
            alpha = None if alpha is None else halved(alpha, self.half)
        height, width = pixels.shape[:2]
        if hole is not None and hole.shape[:2] != (height, width):
            raise ValueError(f"is {width}x{height}, but its mask {hole.shape[1]}x{hole.shape[0]}")
        gray = self.model.keeps_gray and self.target.channels == 3 and is_gray(pixels)
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
        clipped = ClippedNumbers(self.target)
        return resized, OutputForm(
            input_size, size, channels, gray, known, hole, dtype, alpha, clipped
        )

    def translate(
        self, images: Sequence[Pixels], forms: Sequence[OutputForm] = ()
    ) -> list[NDArray[Any] | None]:
        """Return the translations of inputs of one size, as `ImageModel.translate` does.

        They are of the types of numbers that their `forms` say; by default the target domain's.
        The forms count what is clipped.
        """
        dtypes, clipped = [form.dtype for form in forms], [form.clipped for form in forms]
        if self.tiler and self.tiler.wants(images[0].shape[:2]):
            from translate.engine.pixels.tiled_pixels import translate_pixels

            each = zip_longest(images, dtypes, clipped)
            return [translate_pixels(self.tiler, *image) for image in each]
        return self.model.translate(
            images, self.to, dtypes=dtypes, options=self.options, seed=self.seed, clipped=clipped
        )

    def postprocess(self, pixels: NDArray[Any], form: OutputForm) -> NDArray[Any]:
        """Return the network's output with the size and the channels of its `form`."""
        if pixels.shape[:2] != form.size:
            pixels = domain_images.resize(pixels, form.size, self.target)
            if pixels.dtype == np.float32:  # cubic interpolation overshoots
                pixels = pixels.clip(*self._ends(form.dtype), dtype=np.float32)
        if form.known is not None and form.hole is not None:
            pixels = np.where(form.hole, pixels, scale_dtype(form.known, pixels.dtype.name))
        if form.gray:
            pixels = to_gray(pixels)[..., None]
        if pixels.shape[2] != form.channels:
            pixels = np.repeat(pixels, form.channels, axis=2)
        if form.alpha is not None:
            alpha = scale_dtype(resize_pixels(form.alpha, form.size), pixels.dtype.name)
            pixels = np.concatenate([pixels, alpha.astype(pixels.dtype)], axis=2)
        return pixels

    def _ends(self, dtype: str) -> tuple[float, float]:
        """Return the least and the largest number of results in `dtype`."""
        target = self.target
        return target.range if dtype == target.dtype else FULL_RANGES[dtype]

    def result_channels(self, *, single: bool) -> int:
        """Return the channels of the result, without opacity, of an image of one channel or not."""
        keeps_gray = self.model.keeps_gray and self.target.channels == 3
        return 1 if keeps_gray and single else self.target.channels

    def result_type(self, dtype: str) -> str:
        """Return the type of numbers of the result for an input of `dtype`.

        It is that of the target domain, and for photographs of 8 bits that of the input.
        """
        source, target = self.source, self.target
        photographs = all(map(levels.is_photographic, (source, target)))
        if target.dtype == "uint8" and photographs and not (target.labels or source.labels):
            return dtype
        return target.dtype


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


def with_hole(pixels: Pixels, hole: Pixels) -> Pixels:
    """Return `pixels` with one more channel, white where `hole` is not zero."""
    white = WHITE[pixels.dtype]
    return np.concatenate([pixels, np.where(hole > 0, white, 0).astype(pixels.dtype)], axis=2)
