"""Three stages that a picture goes through: read ahead, drawn, written behind."""

import errno
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, TypeVar

from translate.engine.data.order import item_error
from translate.engine.disk.problems import FAILED, Problem
from translate.engine.inference.conversion import Input
from translate.engine.inference.inputs import Job
from translate.engine.inference.manifest import OutputManifest
from translate.engine.inference.processing import ImageProcessor, NetworkInput
from translate.engine.inference.sources import Sources
from translate.engine.plugins.errors import unforeseen
from translate.engine.processes.pool import Threads
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system.memory import out_of_memory
from translate.errors import BadImage, TranslateError
from translate.images import kinds
from translate.images.decoded import guarded
from translate.images.encode import encode_image
from translate.images.headers import Note

READ_AHEAD = 2
"""batches"""
WRITERS = min(4, os.cpu_count() or 1)
"""threads: encoding is slower than a GPU"""
WINDOW = 8
"""batches among whose pictures those of one size are put together"""
GLANCE = 0.1
"""seconds between two looks at whether to stop"""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ImageResult(NamedTuple):
    """A picture on its way: as it was read, then as it was drawn."""

    job: Job
    input_sha256: str
    prepared: NetworkInput
    notes: Sequence[Note] = ()
    """what the file lost when it was read"""
    beside: Mapping[str, bytes] = {}
    """what is saved with it"""


PipelineResult = ImageResult | Problem


@dataclass
class Pipeline:
    """How pictures become others; each stage makes of pictures and problems the same, or fewer."""

    way: ImageProcessor
    ledger: OutputManifest
    batch_size: int
    keep_metadata: bool = False

    def __post_init__(self) -> None:
        self.sources = Sources(self.way.max_pixels)

    def run(
        self, jobs: Sequence[Job], look: Callable[[ImageResult], None], stop: Callable[[], object]
    ) -> Generator[PipelineResult]:
        """Yield what became of each of `jobs`; the network runs in the caller's thread.

        `look` is shown each picture before it is drawn; when `stop` holds, none is drawn any more.
        """
        with Threads(1) as reader, Threads(WRITERS) as writer:
            read = _ahead(reader, self.read, self.batches(jobs), READ_AHEAD, stop)
            drawn = (self.draw(items, look) for items in takewhile(lambda _: not stop(), read))
            for results in _ahead(writer, self.write, drawn, 2 * WRITERS):
                yield from results
            if stop():
                reader.abandon()  # nobody waits for what is still read

    def batches(self, jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
        """Yield jobs whose pictures have one size, in an order that depends on them alone."""
        if self.batch_size == 1:
            yield from _cut(jobs, 1)  # no need to look at headers
            return
        sources = Sources(self.way.max_pixels)
        for window in _cut(jobs, WINDOW * self.batch_size):
            alike: dict[tuple[int, int], list[Job]] = {}
            for job in window:
                alike.setdefault(self._size(job, sources), []).append(job)
            for group in alike.values():
                yield from _cut(group, self.batch_size)

    def _size(self, job: Job, sources: Sources) -> tuple[int, int]:
        try:
            return sources.get(job).size(job.frame)
        except Exception:
            return 0, 0  # it is listed when it is read

    def read(self, jobs: Sequence[Job]) -> list[PipelineResult]:
        """Decode, take the wanted half, scale; whatever goes wrong with an image, it is listed."""
        results: list[PipelineResult] = []
        for job in jobs:
            try:
                with guarded(job.input):
                    results.append(self._read(job))
            except BadImage as bad:
                results.append(Problem.of(bad, "read"))
            except BaseException as error:
                reraise_interruption(error)
                results.append(Problem.of(item_error([job.input], error), "read"))
        return results

    def _read(self, job: Job) -> ImageResult:
        source = self.sources.get(job)
        decoded = source.decode(job.frame)
        given = Input(decoded, job.input, source.image)
        kind, fills = self.way.source, self.way.model.recipe.takes_mask
        prepared = self.way.prepare(
            given.pixels(self.way.file),
            single=given.single,
            hole=source.hole(decoded) if fills else None,
        )
        return ImageResult(
            job,
            source.sha256,
            prepared,
            kinds.losses(source.notes(job.frame, kind.channels, fills=fills), kind),
            source.metadata(prepared.channels, private=self.keep_metadata),
        )

    def draw(
        self, items: Sequence[PipelineResult], look: Callable[[ImageResult], None]
    ) -> list[PipelineResult]:
        """Translate pictures of one size; one by one where memory does not suffice for all."""
        pictures = [item for item in items if isinstance(item, ImageResult)]
        results: list[PipelineResult] = [item for item in items if isinstance(item, Problem)]
        for picture in pictures:
            look(picture)
        return results + self._draw(pictures) if pictures else results

    def _draw(self, pictures: Sequence[ImageResult]) -> list[PipelineResult]:
        try:
            drawn = self.way.model.translate(
                [picture.prepared.pixels for picture in pictures], self.way.to
            )
        except BaseException as error:
            reraise_interruption(error)
            if len(pictures) > 1:
                return [result for picture in pictures for result in self._draw([picture])]
            if isinstance(error, TranslateError):
                return [Problem(pictures[0].job.input, "translate", FAILED, str(error))]
            if not (isinstance(error, Exception) and out_of_memory(error)):
                return [Problem(pictures[0].job.input, "translate", FAILED, unforeseen(error))]
            height, width = pictures[0].prepared.pixels.shape[:2]
            message = f"not enough memory for {width}x{height} pixels: scale them down with --size"
            return [Problem(pictures[0].job.input, "translate", "memory", message)]
        return [
            Problem(picture.job.input, "translate", "not finite", "the translation is not finite")
            if pixels is None
            else picture._replace(prepared=picture.prepared._replace(pixels=pixels))
            for picture, pixels in zip(pictures, drawn, strict=True)
        ]

    def write(self, items: Sequence[PipelineResult]) -> list[PipelineResult]:
        """Bring to the due size, encode in memory, then write."""
        return [item if isinstance(item, Problem) else self._write(item) for item in items]

    def _write(self, picture: ImageResult) -> PipelineResult:
        source, output = picture.job.input, picture.job.output
        try:
            pixels = self.way.finish(picture.prepared)
            data = encode_image(pixels, output.suffix, picture.beside)
        except (OSError, ValueError, MemoryError) as error:  # larger than its format allows
            return Problem(source, "encode", type(error).__name__, f"{output.suffix}: {error}")
        except BaseException as error:
            reraise_interruption(error)
            return Problem(source, "encode", FAILED, unforeseen(error))
        try:
            notes = [note.text for note in picture.notes]
            self.ledger.write(picture.job, picture.input_sha256, data, notes)
        except OSError as error:
            code = errno.errorcode.get(error.errno or 0, "OSError")
            return Problem(source, "write", code, f"{output}: {error.strerror or error}")
        except TranslateError:
            raise
        except BaseException as error:
            reraise_interruption(error)
            return Problem(source, "write", FAILED, unforeseen(error))
        return picture


def _cut(items: Sequence[Item], count: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + count] for start in range(0, len(items), count))


def _ahead(
    pool: Executor,
    work: Callable[[Item], Result],
    items: Iterable[Item],
    count: int,
    stop: Callable[[], object] = bool,
) -> Iterator[Result]:
    """Yield ``work(item)`` in order, with up to `count` of them under way in `pool`.

    Once `stop` holds, what is under way is not waited for.
    """
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > count or waiting[0].done():
            if not _is_done(waiting[0], stop):
                return
            yield waiting.popleft().result()
    while waiting:
        if not _is_done(waiting[0], stop):
            return
        yield waiting.popleft().result()


def _is_done(future: Future[Result], stop: Callable[[], object]) -> bool:
    """Wait for `future`, but not after `stop` holds; return whether it is done."""
    while not future.done():
        if stop():
            return False
        wait([future], GLANCE)
    return True
