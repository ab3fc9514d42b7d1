"""The content of input files; each is read once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from math import prod
from pathlib import Path

import numpy as np

from translate.engine.inference.inputs.jobs import Files, Job
from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.read_ahead import ReadAhead
from translate.engine.storage.storage import Listing, Storage
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage, CheckpointError
from translate.images import masks
from translate.images.masks import OpenImage
from translate.images.source import MAX_PIXELS, EncodedImage

CACHE_BYTES = 256 << 20
"""total size of the files that stay in memory after their headers or hashes are read; further files
are read again for decoding"""
LARGE_BYTES = 64 << 20
"""decoded size above which images are read in windows, if their format supports windows; in an
object store, the size of the file"""
UNLIMITED = 1 << 62
"""number of pixels that no image has"""
ADVICE = ": translate it in tiles, with --tile 1024"
"""end of the message on an image with too many pixels"""


class Source:
    """The content of an image file, and of its mask."""

    def __init__(
        self,
        files: Files,
        max_pixels: int,
        *,
        windows: bool | None = None,
        content: bytes | None = None,
        open_image: OpenImage = EncodedImage.open,
    ) -> None:
        """Read a file, or open it without reading it if it is large.

        Args:
            files: the image and its mask.
            max_pixels: largest number of pixels of the image.
            windows: whether a large image may be read in windows; None: only with ``--tile``.
            content: the content of the image file, if it is in memory already.
            open_image: reads an image file.
        """
        self.path, self._mask_path = files
        advice = ADVICE if windows is None else ""
        self._open_image = open_image
        if content is not None:
            self.image = EncodedImage.from_bytes(
                self.path, content, max_pixels=max_pixels, advice=advice
            )
        elif windows:
            self.image = _open_in_windows(self.path, max_pixels)
        else:
            self.image = open_image(self.path, max_pixels=max_pixels, advice=advice)

    @property
    def is_large(self) -> bool:
        """Whether the image is read in windows."""
        return self.image.file is not None

    @cached_property
    def mask(self) -> EncodedImage | None:
        """The mask; raises `BadImage` if it cannot be read."""
        if self._mask_path is None:
            return None
        max_pixels = self.image.max_pixels
        return masks.open_mask(self._mask_path, self.path, max_pixels, self._open_image)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the image and its mask."""
        if self.mask is None:
            return self.image.sha256
        return sha256(self.image.data + self.mask.data).hexdigest()

    def decode(self, frame: int | None, *, with_hole: bool) -> DecodedInput:
        """Return a frame, and if requested the hole of its mask or alpha; raises `BadImage`."""
        layers, hole = self.image.decode_layers(frame or 0), None
        if with_hole and self.mask:
            hole = masks.hole_from_mask(self.mask, self.path)
        elif with_hole:
            hole = masks.hole_from_alpha(layers, self.path)
        decoded = DecodedInput(layers, self.path, self.image, hole=hole, frame=frame)
        return decoded._replace(has_mask=self._mask_path is not None)

    def close(self) -> None:
        """Close the file, if it is open."""
        self.image.close()

    @property
    def bytes_in_memory(self) -> int:
        """Size of the content that is in memory."""
        return len(self.image.data)


class Sources:
    """Reads each input file once, for its header, its hash and the pixels of its frames.

    While outputs are planned, `get` caches files, up to `CACHE_BYTES`. Then `start` gets all jobs,
    and `take` returns the input of each; a file of several frames stays cached until its last job.
    """

    def __init__(
        self,
        max_pixels: int,
        windows: Callable[[Job], bool | None] = lambda _: False,
        contents: Mapping[Path, bytes] = {},
    ) -> None:
        """Create an empty cache.

        Args:
            max_pixels: largest number of pixels of an image.
            windows: returns the argument `windows` of `Source` for a job.
            contents: the content of input files that are in memory already.
        """
        self._max_pixels, self._windows, self._contents = max_pixels, windows, contents
        self._cache: dict[Files, Source] = {}
        self._uses: Counter[Files] = Counter()
        """number of frames that will be taken of each file"""
        self._read_ahead: ReadAhead | None = None
        self._listings: dict[Storage, Listing] = {}

    def get(self, job: Job, *, keep: bool = True) -> Source:
        """Return the input of `job`; with `keep`, cache it for `take`."""
        source = self._cache.get(job.files) or self._open(job)
        used = sum(cached.bytes_in_memory for cached in self._cache.values())
        if keep and used + source.bytes_in_memory <= CACHE_BYTES:
            self._cache[job.files] = source
        return source

    def size(self, job: Job) -> tuple[int, int]:
        """Return the height and width of the image of `job`; (0, 0) if it cannot be read."""
        try:
            return self.get(job).image.header_of(job.frame or 0).size
        except Exception:
            return 0, 0  # reported when it is decoded

    def digest(self, job: Job, *, keep: bool = False) -> str | None:
        """Return the SHA-256 of the input of `job`; None if it cannot be read."""
        try:
            source = self.get(job, keep=keep)
            try:
                return source.sha256
            finally:
                if job.files not in self._cache:
                    source.close()
        except BadImage:
            return None

    def start(self, jobs: Sequence[Job]) -> None:
        """Expect that `take` is called for these jobs, in this order; release all other inputs.

        Inputs in an object store are read ahead from now on.
        """
        self._uses = Counter(job.files for job in jobs if job.frame is not None)
        needed = {job.files for job in jobs if job.files in self._cache}
        for files in self._cache.keys() - needed:
            self._cache.pop(files).close()
        if jobs and not storage_of(jobs[0].input).is_local:
            cached = set(self._cache)  # a copy: `take` removes from the cache
            unread = (
                job.files
                for job in jobs
                if not job.frame and job.files not in cached and not self._takes_windows(job)
            )
            self._read_ahead = ReadAhead(path for files in unread for path in files if path)

    def take(self, job: Job) -> Source:
        """Return the input of `job`; raises `BadImage`."""
        files = job.files
        remaining_uses = self._uses.pop(files, 1) - 1
        if remaining_uses:
            self._uses[files] = remaining_uses
        source = self._cache.pop(files, None) or self._open(job)
        if remaining_uses:
            self._cache[files] = source
        return source

    def close(self) -> None:
        """Stop reading ahead."""
        if self._read_ahead:
            self._read_ahead.close()

    def _open(self, job: Job) -> Source:
        return Source(
            job.files,
            self._max_pixels,
            windows=self._takes_windows(job),
            content=self._contents.get(job.input),
            open_image=self._open_image,
        )

    def _takes_windows(self, job: Job) -> bool | None:
        """Return the result of `windows`, but false for a small file in a store."""
        windows, storage = self._windows(job), storage_of(job.input)
        if not windows or storage.is_local:
            return windows
        listing = self._listings.setdefault(storage, storage.listing())
        try:
            return (listing.size(job.input) or 0) > LARGE_BYTES
        except CheckpointError:
            return False  # the problem is listed when the image is read

    def _open_image(self, path: Path, *, max_pixels: int, advice: str = "") -> EncodedImage:
        read_ahead = self._read_ahead
        storage = read_ahead if read_ahead and isinstance(path, UrlPath) else storage_of(path)
        return storage.open_image(path, max_pixels=max_pixels, advice=advice)


def _open_in_windows(path: Path, max_pixels: int) -> EncodedImage:
    """Open an image to read in windows; if it is small or its format has none, read it whole."""
    limit = UNLIMITED if max_pixels == MAX_PIXELS else max_pixels  # unless the user has set one
    image = storage_of(path).open_large(path, max_pixels=limit)
    with suppress(BadImage):  # raised again when the file is decoded
        header = image.header
        size = prod(header.size) * header.channels * np.dtype(header.dtype).itemsize
        if image.has_windows and size > LARGE_BYTES:
            return image
    return image.read_completely(max_pixels=max_pixels)
