"""The inputs of a folder translation: each file is read once, however many of its frames are."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from translate.engine.inference.inputs import Job
from translate.images import masks
from translate.images.decode import Pixels, read_bytes
from translate.images.decoded import Decoded
from translate.images.decoders import Frames
from translate.images.encode import read_metadata
from translate.images.headers import Header, Note


class Source:
    """The content of one input, and of its mask."""

    def __init__(self, job: Job, max_pixels: int) -> None:
        self.path, self.mask = job.input, job.mask
        self.data = read_bytes(job.input)
        self.frames = Frames(self.data, job.input, max_pixels)
        self.max_pixels = max_pixels
        self._mask_data = masks.load(job.mask, job.input, read_bytes) if job.mask else b""
        self.sha256 = sha256(self.data + self._mask_data).hexdigest()
        """as `Job.origin_sha256` has it"""

    @property
    def header(self) -> Header:
        """What the file says of its first frame."""
        return self.frames.header

    def size(self, frame: int | None) -> tuple[int, int]:
        """Return the height and width of a frame; raises `BadImage`."""
        return self.frames.size(frame or 0)

    def beside(self, channels: int, *, private: bool) -> Mapping[str, bytes]:
        """Return what is saved with an output of so many channels; raises `BadImage`."""
        return read_metadata(
            self.data, self.path, channels=channels, private=private, max_pixels=self.max_pixels
        )

    def decode(self, frame: int | None) -> Decoded:
        """Return the pixels of a frame; raises `BadImage`."""
        return self.frames.decode(frame or 0)

    def hole(self, decoded: Decoded) -> Pixels:
        """Return the hole of the `decoded` image; raises `BadImage` where it has none."""
        if self.mask is None:
            return masks.transparent(decoded, self.path)
        return masks.read(self._mask_data, self.mask, self.path, self.max_pixels)

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
        if not (job.frame and last and (last.path, last.mask) == (job.input, job.mask)):
            self._last = last = None  # its memory is free before the next one is read
            last = Source(job, self._max_pixels)
            self._last = last if job.frame is not None else None
        return last
