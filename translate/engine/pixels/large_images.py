"""Images larger than memory: read and written in windows, translated in tiles."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain
from translate.engine.models.tile_options import ImageTiler, NotFiniteError
from translate.engine.pixels.decoded import DecodedInput
from translate.engine.pixels.prepared import PreparedImage, prepare
from translate.engine.pixels.processing import ImageProcessor, OutputForm
from translate.engine.tiling.store import Store, StoredValue
from translate.engine.traced.regions import Region, Span
from translate.errors import BadImage
from translate.formats import Header, Note, Window, WindowedFormat
from translate.images.domains import levels
from translate.images.domains.levels import is_gray
from translate.images.files import format_registry
from translate.images.layers import Pixels, to_gray
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage
from translate.images.tensors import from_device, to_device

BAND_BYTES = 32 << 20
"""of the rows that are decoded at once"""
SAMPLE = 64
"""sides of the part of an image that shows which channels and types it has"""
LARGEST_OUTPUT_TILE, MULTIPLE = 512, 16
"""sides of the tiles of a file: at most, and what they divide by"""


@dataclass(frozen=True)
class LargeImage:
    """An image that is never in memory as a whole."""

    processor: ImageProcessor
    image: EncodedImage
    """the open file"""
    frame: int
    choose_type: Callable[[int, str, bool], str]
    """as for `prepare`"""

    @property
    def header(self) -> Header:
        """The header of the frame."""
        return self.image.header_of(self.frame)

    def prepare(self, *, frame: int | None) -> PreparedImage:
        """Return what a small part of the image says of its result; raises `BadImage`."""
        height, width = self.header.size
        corner = Window(0, 0, min(SAMPLE, height), min(SAMPLE, width))
        prepared = prepare(
            self.processor, self.decode(corner), self.choose_type, masked=False, frame=frame
        )
        notes = tuple(note for note in prepared.notes if note.kind != "saturation")
        scale = self.processor.model.geometry.scale
        form = prepared.form._replace(
            input_size=(height, width), size=(scale * height, scale * width)
        )
        return prepared._replace(notes=notes, form=form)

    def write(
        self, file: BinaryIO, form: OutputForm, like: Header, suffix: str
    ) -> tuple[Note, ...]:
        """Write the translation, and return notes on its numbers.

        Args:
            file: what is written.
            form: of the result, as `prepare` says.
            like: what the file keeps of the input.
            suffix: of the file.

        Raises:
            BadImage: the image is damaged, or was changed meanwhile.
            NotFiniteError: the translation is not finite.
            StoppedError: the user has interrupted the command.
            OSError: the disk is full.
        """
        tiler, (height, width) = self.tiler, self.header.size
        scale = tiler.model.geometry.scale
        writer = format_registry.writer_of(suffix)
        assert writer is not None and isinstance(writer.format, WindowedFormat)
        tile = min(LARGEST_OUTPUT_TILE, max(MULTIPLE, tiler.limits.tile or LARGEST_OUTPUT_TILE))
        tile -= tile % MULTIPLE
        has_alpha = form.alpha is not None
        with closing(Store(tiler.memory // 4, tiler.limits.folder)) as store:
            copy = Copy(self, store, has_alpha)
            copy.read()
            made = Result(copy, tiler, form, gray=copy.gray and form.gray, tile=tile)
            writer.format.write_tiles(
                file,
                made.tiles(),
                (scale * height, scale * width),
                form.channels + has_alpha,
                form.dtype,
                tile,
                like,
            )
        self.image.verify_unchanged()
        return (*copy.notes(), *form.clipped.notes())

    @property
    def tiler(self) -> ImageTiler:
        """What translates it."""
        tiler = self.processor.tiler
        assert tiler is not None
        return tiler

    def decode(self, window: Window) -> DecodedInput:
        """Return a part of the image; raises `BadImage`."""
        layers = self.image.decode_layers(self.frame, window)
        return DecodedInput(layers, self.image.path, self.image)


class Copy:
    """The numbers of an image, in a store, and what is known of them."""

    def __init__(self, large: LargeImage, store: Store, has_alpha: bool) -> None:
        self._large, self._store, self._has_alpha = large, store, has_alpha
        self.domain: Domain = large.processor.source
        self.device: torch.device = large.tiler.device
        self.gray = True
        self.pixels: StoredValue | None = None
        self.alpha: StoredValue | None = None
        self._outside = np.zeros(2)

    def read(self) -> None:
        """Read the whole image once, in bands of rows."""
        (height, width), processor = self._large.header.size, self._large.processor
        pixel = self._large.header.channels * np.dtype(self._large.header.dtype).itemsize
        rows = max(1, BAND_BYTES // (width * pixel))
        rows = rows - rows % 256 if rows > 256 else rows
        for top in range(0, height, rows):
            region = Region(Span(top, min(top + rows, height)), Span(0, width))
            decoded = self._large.decode(Window(top, 0, region.rows.length, width))
            part = decoded.pixels(processor.file, keeps_alpha=self._has_alpha)
            self.gray = self.gray and part.shape[2] in (1, 3) and is_gray(part)
            self._outside += np.array(levels.saturation(part, self.domain)) * region.rows.length
            self.pixels = self._keep(self.pixels, part, region, height)
            if self._has_alpha:
                alpha = decoded.carried_alpha(self.domain)
                if alpha is None:
                    raise BadImage(self._large.image.path, "opacity is missing in a part of it")
                self.alpha = self._keep(self.alpha, alpha, region, height)

    def _keep(
        self, kept: StoredValue | None, part: Pixels, region: Region, height: int
    ) -> StoredValue:
        numbers = torch.from_numpy(np.ascontiguousarray(part)).permute(2, 0, 1)[None]
        if kept is None:
            shape = (1, part.shape[2], height, region.columns.length)
            kept = self._store.allocate(shape, numbers.dtype)
        kept.write(region, numbers)
        return kept

    def notes(self) -> tuple[Note, ...]:
        """Return what was clipped."""
        shares = self._outside / self._large.header.size[0]
        text = levels.describe_saturation((float(shares[0]), float(shares[1])), self.domain)
        return (Note("saturation", f"{text}: clipped"),) if text else ()


@dataclass(frozen=True)
class Result:
    """The tiles of the result."""

    copy: Copy
    tiler: ImageTiler
    form: OutputForm
    gray: bool
    tile: int

    def read(self, region: Region) -> Tensor:
        """Return a region of the image as the network gets it."""
        assert self.copy.pixels is not None
        numbers = self.copy.pixels.read(region)
        made = to_device(numbers, self.copy.device, self.copy.domain)
        return made.contiguous(memory_format=torch.channels_last)

    def tiles(self) -> Iterator[NDArray[Any]]:
        """Yield (tile, tile, channels), row by row, padded at the right and lower edge."""
        size, sides = self._size, (self.tile, self.tile)
        for region, output in self.tiler.translate(self, size, sides):
            if not bool(output.isfinite().all()):
                raise NotFiniteError
            self.form.clipped.add(output)
            part = self._finish(region, output)
            missing = (self.tile - part.shape[0], self.tile - part.shape[1])
            yield np.pad(part, ((0, missing[0]), (0, missing[1]), (0, 0)))

    @property
    def _size(self) -> tuple[int, int]:
        return self.copy._large.header.size

    def _finish(self, region: Region, output: Tensor) -> Pixels:
        """Return numbers of the result, with its channels and opacity."""
        form, (_, target) = self.form, self.tiler.model.source_and_target(self.tiler.to)
        (part,) = from_device(output, target, form.dtype)
        if self.gray:
            part = to_gray(part)[..., None]
        if part.shape[2] != form.channels:
            part = np.repeat(part, form.channels, axis=2)
        if self.copy.alpha is None:
            return part
        scale = self.tiler.model.geometry.scale
        place = region.map(lambda _, span: Span(span.start // scale, -(-span.stop // scale)))
        opacity = self.copy.alpha.read(place)[0].permute(1, 2, 0).numpy()
        larger = resize_pixels(opacity, (scale * place.size[0], scale * place.size[1]))
        top, left = (span.start % scale for span in region)
        cut = larger[top : top + part.shape[0], left : left + part.shape[1]]
        alpha = levels.scale_dtype(cut, part.dtype.name).astype(part.dtype)
        return np.concatenate([part, alpha], axis=2)
