"""Images larger than memory, which are read and written in windows and translated in tiles."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain
from translate.engine.models.tile_options import ImageTiler, NotFiniteError
from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.pixels.preparation import ChooseType, PreparedImage, prepare
from translate.engine.pixels.processing import ImageProcessor, OutputForm
from translate.engine.tiling.store import Store, StoredValue
from translate.engine.traced.regions import Region, Span
from translate.errors import BadImage
from translate.formats import Header, Note, Window, WindowedFormat
from translate.images.domains import levels
from translate.images.domains.levels import is_gray
from translate.images.files import format_registry
from translate.images.layers import Pixels
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage
from translate.images.tensors import from_device, to_device

BAND_BYTES = 32 << 20
"""size of the rows that are decoded at once"""
CORNER = 64
"""height and width of the corner that is decoded to learn the image's channels and dtype"""
LARGEST_TILE, TILE_MULTIPLE = 512, 16
"""largest tile size of output files in pixels, and the divisor of all tile sizes"""


@dataclass(frozen=True)
class LargeImage:
    """An image that is never in memory as a whole."""

    processor: ImageProcessor
    image: EncodedImage
    """the open file"""
    frame: int | None
    """index of the frame; None: the first frame, with a note if the file has others"""
    choose_type: ChooseType

    @property
    def header(self) -> Header:
        return self.image.header_of(self.frame or 0)

    def prepare(self) -> PreparedImage:
        """Return a prepared corner of the image, with the output form of the whole image.

        Raises `BadImage` if the corner cannot be decoded.
        """
        height, width = self.header.size
        corner = Window(0, 0, min(CORNER, height), min(CORNER, width))
        prepared = prepare(self.processor, self.decode(corner), self.choose_type)
        notes = tuple(note for note in prepared.notes if note.kind != "saturation")
        scale = self.processor.model.geometry.scale
        size = scale * height, scale * width
        form = prepared.form._replace(input_size=self.header.size, size=size)
        return prepared._replace(notes=notes, form=form)

    def write(
        self, file: BinaryIO, form: OutputForm, like: Header, suffix: str
    ) -> tuple[Note, ...]:
        """Write the translation, and return notes on clipped values.

        `form` is the output form that `prepare` returns, and `like` is metadata of the file.

        Raises:
            BadImage: the image is damaged, or was changed while it was read.
            NotFiniteError: the translation is not finite.
            StoppedError: the user has interrupted the command.
            OSError: the disk is full.
        """
        tiler, (height, width) = self.tiler, self.header.size
        scale = tiler.model.geometry.scale
        writer = format_registry.writer_of(suffix)
        assert writer is not None and isinstance(writer.format, WindowedFormat)
        tile = min(LARGEST_TILE, max(TILE_MULTIPLE, tiler.limits.tile or LARGEST_TILE))
        tile -= tile % TILE_MULTIPLE
        has_alpha = form.alpha is not None
        with closing(Store(tiler.memory // 4, tiler.limits.folder)) as store:
            image = StoredImage(self, store, has_alpha)
            image.read_file()
            form = form._replace(gray=form.gray and image.gray)
            output = OutputTiles(image, form, tile)
            writer.format.write_tiles(
                file,
                output.tiles(),
                (scale * height, scale * width),
                form.channels + has_alpha,
                form.dtype,
                tile,
                like,
            )
        self.image.verify_unchanged()
        return (*image.notes(), *form.clipped.notes())

    @property
    def tiler(self) -> ImageTiler:
        tiler = self.processor.tiler
        assert tiler is not None
        return tiler

    def decode(self, window: Window) -> DecodedInput:
        """Return a part of the image; raises `BadImage`."""
        layers = self.image.decode_layers(self.frame or 0, window)
        return DecodedInput(layers, self.image.path, self.image, frame=self.frame)


class StoredImage:
    """The decoded pixels of a large image in a store."""

    def __init__(self, large: LargeImage, store: Store, has_alpha: bool) -> None:
        self.large, self._store, self._has_alpha = large, store, has_alpha
        self.domain: Domain = large.processor.source
        self.device: torch.device = large.tiler.device
        self.gray = True
        """whether no pixel read so far has a colour"""
        self.pixels: StoredValue | None = None
        self.alpha: StoredValue | None = None
        self._clipped_rows = np.zeros(2)
        """fractions of values below and above the range, summed over all rows"""

    def read_file(self) -> None:
        """Decode the whole image into the store, in bands of rows; raises `BadImage`."""
        (height, width), processor = self.large.header.size, self.large.processor
        pixel = self.large.header.channels * np.dtype(self.large.header.dtype).itemsize
        rows = max(1, BAND_BYTES // (width * pixel))
        rows = rows - rows % 256 if rows > 256 else rows
        for top in range(0, height, rows):
            region = Region(Span(top, min(top + rows, height)), Span(0, width))
            decoded = self.large.decode(Window(top, 0, region.rows.length, width))
            band = decoded.pixels(processor.file_domain, keeps_alpha=self._has_alpha)
            self.gray = self.gray and band.shape[2] in (1, 3) and is_gray(band)
            self._clipped_rows += np.array(levels.saturation(band, self.domain)) * len(band)
            self.pixels = self._store_rows(self.pixels, band, region, height)
            if self._has_alpha:
                alpha = decoded.passthrough_alpha(self.domain)
                if alpha is None:
                    raise BadImage(self.large.image.path, "a part of it has no alpha channel")
                self.alpha = self._store_rows(self.alpha, alpha, region, height)

    def _store_rows(
        self, stored: StoredValue | None, pixels: Pixels, region: Region, height: int
    ) -> StoredValue:
        """Write rows to `stored`, which is allocated for an image of this height if it is None."""
        values = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
        if stored is None:
            shape = (1, pixels.shape[2], height, region.columns.length)
            stored = self._store.allocate(shape, values.dtype)
        stored.write(region, values)
        return stored

    def read(self, region: Region) -> Tensor:
        """Return a region, (1, C, height, width) in [-1, 1], on the device of the network."""
        assert self.pixels is not None
        values = to_device(self.pixels.read(region), self.device, self.domain)
        return values.contiguous(memory_format=torch.channels_last)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.large.header.size

    def notes(self) -> tuple[Note, ...]:
        """Return a note on clipped input values."""
        low, high = (float(fraction) for fraction in self._clipped_rows / self.size[0])
        return levels.clipping_notes((low, high), self.domain)


@dataclass(frozen=True)
class OutputTiles:
    """The translation of a large image, as tiles of an output file."""

    image: StoredImage
    form: OutputForm
    tile: int
    """tile size in pixels"""

    def tiles(self) -> Iterator[NDArray[Any]]:
        """Yield (tile, tile, channels), row by row, padded on the right and at the bottom."""
        large, sides = self.image.large, (self.tile, self.tile)
        processor = large.processor
        for region, output in large.tiler.translate(self.image, self.image.size, sides):
            if not bool(output.isfinite().all()):
                raise NotFiniteError
            self.form.clipped.add(output)
            (pixels,) = from_device(output, processor.target, self.form.dtype)
            size = pixels.shape[0], pixels.shape[1]
            form = self.form._replace(size=size, alpha=self._alpha(region))
            part = processor.postprocess(pixels, form)
            yield np.pad(part, ((0, self.tile - size[0]), (0, self.tile - size[1]), (0, 0)))

    def _alpha(self, region: Region) -> Pixels | None:
        """Return the alpha channel of a region of the output, (height, width, 1), or None."""
        if self.image.alpha is None:
            return None
        scale = self.image.large.processor.model.geometry.scale
        source = region.map(lambda _, span: Span(span.start // scale, -(-span.stop // scale)))
        alpha = self.image.alpha.read(source)[0].permute(1, 2, 0).numpy()
        alpha = resize_pixels(alpha, (scale * source.size[0], scale * source.size[1]))
        top, left = (span.start % scale for span in region)
        return alpha[top : top + region.size[0], left : left + region.size[1]]
