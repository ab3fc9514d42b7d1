"""The inputs of a folder translation: each file is read once, however many of its frames are."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from translate.engine.inference.inputs import Job
from translate.images import masks
from translate.images.decode import Pixels
from translate.images.decoded import Decoded
from translate.images.headers import Header, Note
from translate.images.source import EncodedImage


class Source:
    """The content of one input, and of its mask."""

    def __init__(self, job: Job, max_pixels: int) -> None:
        self.path, self.mask_path = job.input, job.mask
        self.image = EncodedImage.open(job.input, max_pixels=max_pixels)
        self.mask = masks.open_mask(job.mask, job.input, max_pixels) if job.mask else None
        mask_data = self.mask.data if self.mask else b""
        self.sha256 = sha256(self.image.data + mask_data).hexdigest()
        """as `Job.origin_sha256` has it"""

    @property
    def header(self) -> Header:
        """What the file says of its first frame."""
        return self.image.header

    def size(self, frame: int | None) -> tuple[int, int]:
        """Return the height and width of a frame; raises `BadImage`."""
        return self.image.size(frame or 0)

    def metadata(self, channels: int, *, private: bool) -> Mapping[str, bytes]:
        """Return what is saved with an output of so many channels; raises `BadImage`."""
        return self.image.metadata(channels, private=private)

    def decode(self, frame: int | None) -> Decoded:
        """Return the pixels of a frame; raises `BadImage`."""
        return self.image.decode_layers(frame or 0)

    def hole(self, decoded: Decoded) -> Pixels:
        """Return the hole of the `decoded` image; raises `BadImage` where it has none."""
        if self.mask is None:
            return masks.transparent(decoded, self.path)
        return masks.read(self.mask, self.path)

    def notes(self, frame: int | None, channels: int, *, fills: bool) -> Sequence[Note]:
        """Return what is lost when the file is read; of an animation once, with its first frame."""
        if frame and self.header.format != "TIFF":
            return ()
        hole = fills and self.mask is None
        return self.header.notes(channels=channels, frame=frame, hole=hole)


class Sources:
    """Reads inputs, one after the other, and keeps the last one for its other frames."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._last: Source | None = None

    def get(self, job: Job) -> Source:
        """Return the input of `job`; raises `BadImage`."""
        last = self._last
        if not (job.frame and last and (last.path, last.mask_path) == (job.input, job.mask)):
            self._last = last = None  # its memory is free before the next one is read
            last = Source(job, self._max_pixels)
            self._last = last if job.frame is not None else None
        return last
