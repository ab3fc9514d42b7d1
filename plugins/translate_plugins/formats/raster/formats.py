"""Image formats that Pillow supports, decoded by OpenCV where it is better, else by Pillow."""

from collections.abc import Callable, Collection, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from translate.formats import Header, Window, Writable
from translate.images.layers import Layers, layers_from_pillow
from translate.images.source import EncodedImage
from translate_plugins.formats import metadata
from translate_plugins.formats.raster import opencv, pillow, png

GRAY_OR_RGB = Writable((1, 3))


class Raster:
    """A format that Pillow supports.

    Args:
        name: Pillow's name of the format.
        suffixes: suffixes of its files.
        writes: the pixels that written files can store, by suffix; None: gray or RGB for each of
            `suffixes`.
        options: options of the encoder.
        lossless: whether written files keep all pixels exactly.
        frames_share_canvas: whether all frames of a file have one size, and later frames build on
            earlier frames.
        encode: encodes files in place of Pillow.
        read_common_header: reads the headers of common files faster than Pillow; returns None for
            other files.
    """

    def __init__(
        self,
        name: str,
        suffixes: Collection[str],
        *,
        writes: Mapping[str, Writable] | None = None,
        options: Mapping[str, Any] | None = None,
        lossless: bool = True,
        frames_share_canvas: bool = False,
        encode: Callable[[NDArray[Any], Header], bytes] | None = None,
        read_common_header: Callable[[EncodedImage], pillow.FrameDetails | None] = lambda _: None,
    ) -> None:
        self.name, self.suffixes, self.lossless = name, frozenset(suffixes), lossless
        self.writes = dict.fromkeys(suffixes, GRAY_OR_RGB) if writes is None else writes
        self._options = {"format": name, **(options or {})}
        self._frames_share_canvas = frames_share_canvas
        self._encode, self._read_common_header = encode, read_common_header

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:
        """Return the header of a frame; None for a file of another format."""
        if not pillow.accepts(self.name, source.data):
            return None
        return self._details(source, frame).header

    def read(self, source: EncodedImage, frame: int = 0, window: Window | None = None) -> Layers:
        """Return the upright pixels of a frame."""
        details = self._details(source, frame)
        if frame and self._frames_share_canvas:
            layers = self._decode_later_frame(source, frame)
        else:
            layers = self._decode(source, frame, details)
        return layers.upright(details.header.orientation).crop(window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file."""
        if self._encode is not None:
            return self._encode(pixels, like)
        array = np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        buffer, options = BytesIO(), {**self._options, **metadata.options(like)}
        Image.fromarray(array).save(buffer, **options)
        return buffer.getvalue()

    def _details(self, source: EncodedImage, frame: int) -> pillow.FrameDetails:
        frame = 0 if self._frames_share_canvas else frame
        key = f"{self.name} {frame}"
        details: pillow.FrameDetails | None = source.cache.get(key)
        if details is None:
            details = None if frame else self._read_common_header(source)
            if details is None:
                with pillow.open_frame(source, self.name, frame) as image:
                    details = pillow.read_details(image, source, self.name)
            source.cache[key] = details
        return details

    def _decode(self, source: EncodedImage, frame: int, details: pillow.FrameDetails) -> Layers:
        png.require_intact(source.data)
        prefers_opencv = opencv.is_preferred(details)
        if prefers_opencv and (layers := opencv.decode(source.data, details.header)):
            return layers
        with pillow.open_frame(source, self.name, frame) as image:  # raises for a damaged file
            layers = layers_from_pillow(image)
            if prefers_opencv and details.header.bits > 8:
                raise ValueError("its 16-bit colours cannot be decoded")
            return layers

    def _decode_later_frame(self, source: EncodedImage, frame: int) -> Layers:
        """Return a frame other than 0; the file stays open, as frames build on earlier frames."""
        with pillow.pillow_limits(source.path, source.max_pixels):
            image: ImageFile | None = source.cache.get(self.name)
            if image is None or image.tell() > frame:
                png.require_intact(source.data)
                source.cache[self.name] = image = pillow.open_image(source, self.name)
            pillow.seek(image, frame, source.max_pixels)
            return layers_from_pillow(image)
