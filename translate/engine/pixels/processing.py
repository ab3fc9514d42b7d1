"""Pre- and postprocessing of images, for `translate infer` and `Translator`."""

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

RGB8 = Domain("")
"""8-bit RGB, whatever the name of the domain"""


class OutputForm(NamedTuple):
    """How the network's output for an image is postprocessed."""

    input_size: tuple[int, int]
    """height and width of the network's input"""
    size: tuple[int, int]
    """height and width of the output"""
    channels: int
    """number of output channels, without `alpha`"""
    gray: bool = False
    """whether the output is converted to gray; its channels are then equal"""
    original: Pixels | None = None
    """the image before resizing; its pixels replace the pixels of the output outside `hole`"""
    hole: Pixels | None = None
    """(height, width, 1), not zero in the hole"""
    dtype: str = "uint8"
    """dtype of the output"""
    alpha: Pixels | None = None
    """(height, width, 1) alpha channel of the input, which becomes the last output channel"""
    clipped: ClippedNumbers = ClippedNumbers(RGB8)
    """counter of clipped output values; the shared default counts nothing, as of 8-bit RGB"""


@dataclass(frozen=True)
class ImageProcessor:
    """Translates images to one domain, at one size."""

    model: ImageModel
    to: str
    """the target domain"""
    half: int | None = None
    """0 or 1 for the left or right half of side-by-side images; None: whole images"""
    size: int | None = None
    """length in pixels of the shorter side after the first scaling; None: not scaled"""
    scale_back: bool = False
    """whether outputs are resized to the size of the input; if `size` is None, inputs are first
    scaled to the size of the training crops, unless the model was trained without resizing"""
    max_pixels: int = MAX_PIXELS
    """largest number of pixels of a resized image"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """options of the recipe's `translate`"""
    seed: int | None = None
    """seed of the noise, if the recipe takes noise"""
    limits: TileOptions | None = None
    """tile size and memory for one image; None: no tiles"""

    @cached_property
    def tiler(self) -> ImageTiler | None:
        """The tiler, if there are `limits` and the model supports tiles."""
        if self.limits is None:
            return None
        return self.model.tiler(self.to, self.options, self.seed, self.limits)

    @property
    def source(self) -> Domain:
        """The domain of the network's input."""
        return self.model.source_and_target(self.to)[0]

    @property
    def file_domain(self) -> Domain:
        """The domain with which files are decoded: RGB if a label map is half of a file."""
        source = self.source
        return source if self.half is None or not source.labels else replace(source, channels=3)

    @property
    def target(self) -> Domain:
        """The domain of the network's output."""
        return self.model.source_and_target(self.to)[1]

    @property
    def shorter_side(self) -> int | None:
        """Length in pixels of the shorter side after scaling; None: not scaled."""
        if self.size or not self.scale_back or self.model.unscaled:
            return self.size
        return min(self.model.spec.size)

    def preprocess(
        self,
        pixels: Pixels,
        *,
        one_channel: bool,
        hole: Pixels | None = None,
        alpha: Pixels | None = None,
        dtype: str = "uint8",
    ) -> tuple[Pixels, OutputForm]:
        """Return the network's input for an image, (height, width, channels), and its output form.

        Args:
            pixels: the image in `file_domain`.
            one_channel: whether the file has one channel.
            hole: (height, width, 1) uint8, 255 in the hole, of the whole image or of the half that
                is translated; for a recipe that takes a mask, which gets it as the last channel.
            alpha: (height, width, 1) alpha channel of the whole image, for the output; or None.
            dtype: the dtype of the output.

        Raises:
            ValueError: The resized image has more than `max_pixels`, a side-by-side image is one
                pixel wide, the hole has another size, or a label map has a colour of no class. The
                caller adds the name of the file to the message.
        """
        if self.half is not None:
            if pixels.shape[1] < 2:
                raise ValueError("is one pixel wide: expected two images side by side")
            if hole is not None and hole.shape[:2] == pixels.shape[:2]:
                hole = take_half(hole, self.half)
            pixels = domain_images.convert(take_half(pixels, self.half), self.source)
            alpha = None if alpha is None else take_half(alpha, self.half)
        height, width = pixels.shape[:2]
        if hole is not None and hole.shape[:2] != (height, width):
            raise ValueError(f"is {width}x{height}, but its mask {hole.shape[1]}x{hole.shape[0]}")
        gray = self.model.keeps_gray and self.target.channels == 3 and is_gray(pixels)
        channels = 1 if gray and one_channel else self.target.channels
        resized = scale_shorter_side(pixels, self.shorter_side, self.max_pixels, self.source)
        input_size = resized.shape[0], resized.shape[1]
        # The recipe composites the pixels outside the hole of an image that is not resized.
        keeps_original = hole is not None and self.scale_back and input_size != (height, width)
        if hole is not None:
            scaled_hole = scale_shorter_side(hole, self.shorter_side, self.max_pixels)
            resized = append_hole(resized, scaled_hole)
        upscaling = self.model.geometry.scale
        rows, columns = (height, width) if self.scale_back else input_size
        original, hole = (pixels, hole) if keeps_original and upscaling == 1 else (None, None)
        size = upscaling * rows, upscaling * columns
        clipped = ClippedNumbers(self.target)
        return resized, OutputForm(
            input_size, size, channels, gray, original, hole, dtype, alpha, clipped
        )

    def translate(
        self, images: Sequence[Pixels], forms: Sequence[OutputForm] = ()
    ) -> list[NDArray[Any] | None]:
        """Return the translations of inputs of one size; None for an output with NaN or infinity.

        Outputs have the dtypes of their `forms`, which count clipped values; without forms, they
        have the dtype of the target domain.
        """
        dtypes, clipped = [form.dtype for form in forms], [form.clipped for form in forms]
        if self.tiler and self.tiler.needs_tiles(images[0].shape[:2]):
            from translate.engine.pixels.tiled_pixels import translate_pixels

            arguments = zip_longest(images, dtypes, clipped)
            return [translate_pixels(self.tiler, *each) for each in arguments]
        return self.model.translate(
            images, self.to, dtypes=dtypes, options=self.options, seed=self.seed, clipped=clipped
        )

    def postprocess(self, pixels: NDArray[Any], form: OutputForm) -> NDArray[Any]:
        """Return the network's output with the size and channels of its `form`."""
        if pixels.shape[:2] != form.size:
            pixels = domain_images.resize(pixels, form.size, self.target)
            if pixels.dtype == np.float32:  # cubic interpolation overshoots
                has_own_range = form.dtype == self.target.dtype
                limits = self.target.range if has_own_range else FULL_RANGES[form.dtype]
                pixels = pixels.clip(*limits, dtype=np.float32)
        if form.original is not None and form.hole is not None:
            pixels = np.where(form.hole, pixels, scale_dtype(form.original, pixels.dtype.name))
        if form.gray:
            pixels = to_gray(pixels)[..., None]
        if pixels.shape[2] != form.channels:
            pixels = np.repeat(pixels, form.channels, axis=2)
        if form.alpha is not None:
            alpha = scale_dtype(resize_pixels(form.alpha, form.size), pixels.dtype.name)
            pixels = np.concatenate([pixels, alpha.astype(pixels.dtype)], axis=2)
        return pixels

    def result_channels(self, *, one_channel: bool) -> int:
        """Return the number of output channels, without the alpha channel of the input."""
        keeps_gray = self.model.keeps_gray and self.target.channels == 3
        return 1 if keeps_gray and one_channel else self.target.channels

    def result_dtype(self, dtype: str) -> str:
        """Return the dtype of the output for an input of `dtype`.

        Intensities of the full range keep the dtype of the input, such as 16 bits; other outputs,
        such as label maps, have that of the target domain.
        """
        source, target = self.source, self.target
        full_range = all(map(levels.is_photographic, (source, target)))
        if target.dtype == "uint8" and full_range and not (target.labels or source.labels):
            return dtype
        return target.dtype


def take_half(pixels: Pixels, half: int) -> Pixels:
    """Return the left (0) or right (1) half of `pixels`."""
    width = pixels.shape[1] // 2
    return pixels[:, half * width : (half + 1) * width]


def scale_shorter_side(
    pixels: Pixels, shorter: int | None, max_pixels: int = MAX_PIXELS, domain: Domain = RGB8
) -> Pixels:
    """Return `pixels` of `domain` with the shorter side scaled to `shorter`; None: not scaled.

    Raises `ValueError` if the result has more than `max_pixels`.
    """
    if shorter is None:
        return pixels
    height, width = pixels.shape[:2]
    count = height * width * shorter**2 // min(height, width) ** 2
    if count > max(max_pixels, height * width):
        raise ValueError(
            f"its {width}x{height} pixels would become {count:,} with a shorter side of "
            f"{shorter:,}: expected at most {max_pixels:,}, choose a smaller size"
        )
    scale = shorter / min(height, width)
    return domain_images.resize(pixels, (round(height * scale), round(width * scale)), domain)


def append_hole(pixels: Pixels, hole: Pixels) -> Pixels:
    """Return `pixels` with one more channel, white where `hole` is not zero."""
    white = WHITE[pixels.dtype]
    return np.concatenate([pixels, np.where(hole > 0, white, 0).astype(pixels.dtype)], axis=2)
