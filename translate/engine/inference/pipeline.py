"""The pipeline of a folder: images are read ahead, translated, and encoded and written in threads.

Each of these stages takes a batch of images and returns as many results: for an image that fails,
the result is a `Problem`, and the other images continue.
"""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import repeat, takewhile
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from translate.engine.disk.records.problems import FAILED, Problem
from translate.engine.inference.failures import translation_problem
from translate.engine.inference.file_translator import FileTranslator
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.destinations import EncodedOutput, OutputStore
from translate.engine.inference.planning import jobs_of_one_size
from translate.engine.inference.run_ahead import run_ahead
from translate.engine.inference.trust import Trust, TrustMeter, measure_finite
from translate.engine.loading.item_errors import item_error
from translate.engine.models.tile_options import StoppedError
from translate.engine.pixels.preparation import PreparedImage
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import reraise_interruption
from translate.errors import BadImage, TranslateError
from translate.formats import Note
from translate.images.encode import encode_image
from translate.images.files.format_registry import best_dtype
from translate.images.layers import errors_as_bad_image

if TYPE_CHECKING:
    from translate.engine.pixels.large_images import LargeImage

READ_AHEAD = 2
"""number of batches that are read ahead"""
WRITERS = min(4, os.cpu_count() or 1)
"""number of threads that encode and write; encoding takes longer than translation on a GPU"""


class ImageResult(NamedTuple):
    """An image that was translated and written."""

    job: Job
    input_sha256: str
    notes: Sequence[Note] = ()
    """information that was lost in reading and translating"""
    trust: Trust | None = None
    """trust of the output, if it is measured"""
    input_size: tuple[int, int] = (0, 0)
    """height and width of the network's input; (0, 0): not known"""


class ImageInProgress(NamedTuple):
    """An image between two stages."""

    job: Job
    input_sha256: str
    image: PreparedImage
    """the network's input; its pixels are then replaced by those of the output"""
    large: "LargeImage | None" = None
    """an image that is read and written in windows, without pixels"""
    trust: Trust | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.image.form.input_size

    def result(self, notes: Sequence[Note]) -> ImageResult:
        """Return the result of this image, which is written."""
        return ImageResult(self.job, self.input_sha256, notes, self.trust, self.size)


PipelineResult = ImageResult | Problem
Batch = Sequence[ImageInProgress | PipelineResult]
"""images of one size, and the results of images that have left the pipeline"""


@dataclass(frozen=True)
class Pipeline:
    """The stages of the pipeline."""

    translator: FileTranslator
    sources: Sources
    outputs: OutputStore
    batch_size: int
    meter: TrustMeter | None = None
    """measures the trust of each output; None: not measured"""
    writers: int = 0
    """number of threads that encode and write; 0: `WRITERS`"""

    def run(self, jobs: Sequence[Job], stop: Callable[[], object]) -> Generator[PipelineResult]:
        """Yield the result of each of `jobs`; the network runs in the caller's thread.

        Once `stop` returns true, the current batch is finished and no other started.
        """
        self.sources.start(jobs)
        count = self.writers or WRITERS
        with DaemonThreadPool(1) as reader, DaemonThreadPool(count) as writer:
            batches = repeat(jobs_of_one_size(jobs, self.batch_size, self.sources))
            read = run_ahead(reader, self._read_next, batches, READ_AHEAD, stop)
            until_stop = takewhile(lambda batch: batch is not None and not stop(), read)
            translated = (self.translate(batch or ()) for batch in until_stop)
            for results in run_ahead(writer, self.write, translated, 2 * count):
                yield from results
            if stop():
                reader.abandon()  # does not wait for the read in progress

    def _read_next(self, batches: Iterator[Sequence[Job]]) -> Batch | None:
        jobs = next(batches, None)
        return None if jobs is None else [self.read(job) for job in jobs]

    def read(self, job: Job) -> ImageInProgress | Problem:
        """Decode and preprocess an image; return a problem if it cannot be read."""
        try:
            with errors_as_bad_image(job.input):
                return self._read(job)
        except BadImage as bad:
            return Problem.of(bad, "read")
        except BaseException as error:
            reraise_interruption(error)
            return Problem.of(item_error([job.input], error), "read")

    def _read(self, job: Job) -> ImageInProgress:
        source, suffix = self.sources.take(job), job.output.suffix
        processor, large = self.translator.processor, None
        if source.is_large:
            from translate.engine.pixels.large_images import LargeImage  # imports PyTorch

            large = LargeImage(processor, source.image, job.frame, partial(best_dtype, suffix))
            image = self.translator.prepare_large(large)
        else:
            decoded = source.decode(job.frame, with_hole=processor.model.takes_mask)
            image = self.translator.prepare(source.image, decoded, suffix)
        return ImageInProgress(job, source.sha256, image, large)

    def translate(self, batch: Batch) -> Batch:
        """Translate images of one size; if a batch fails, each half of it is tried."""
        results: list[ImageInProgress | PipelineResult] = []
        in_memory = list[ImageInProgress]()
        for item in batch:
            if not isinstance(item, ImageInProgress):
                results.append(item)
            elif item.large:
                results += self._translate_large(item, item.large)
            else:
                in_memory.append(item)
        return [*results, *self._translate(in_memory)] if in_memory else results

    def _translate(self, batch: Sequence[ImageInProgress]) -> Batch:
        try:
            inputs = [item.image.pixels for item in batch]
            translated = self.translator.processor.translate(
                inputs, [item.image.form for item in batch]
            )
            trusts = measure_finite(self.meter, inputs, translated)
        except StoppedError:
            return []
        except BaseException as error:
            reraise_interruption(error)
            job = batch[0].job
            problem = translation_problem(job.input, job.output, batch[0].size, error)
        else:
            return [
                Problem(item.job.input, "translate", "not finite", "the translation is not finite")
                if pixels is None
                else item._replace(image=item.image._replace(pixels=pixels), trust=trust)
                for item, pixels, trust in zip(batch, translated, trusts, strict=True)
            ]
        if half := len(batch) // 2:  # outside `except`, where the failed batch still uses memory
            return [*self._translate(batch[:half]), *self._translate(batch[half:])]
        return [problem]

    def _translate_large(self, item: ImageInProgress, large: "LargeImage") -> Batch:
        """Translate an image in windows, and write each at once."""
        job, image, notes = item.job, item.image, item.image.notes

        def write(file: BinaryIO) -> list[str]:
            nonlocal notes
            assert image.like is not None
            notes += large.write(file, image.form, image.like, job.output.suffix)
            return [note.text for note in notes]

        try:
            with closing(large.image):
                self.outputs.write_with(job, item.input_sha256, write)
        except StoppedError:
            return []
        except BaseException as error:
            reraise_interruption(error)
            return [translation_problem(job.input, job.output, item.size, error)]
        return [item.result(notes)]

    def write(self, batch: Batch) -> list[PipelineResult]:
        """Postprocess, encode and write images."""
        return [self._write(item) if isinstance(item, ImageInProgress) else item for item in batch]

    def _write(self, item: ImageInProgress) -> PipelineResult:
        (source, output), image, trust = (item.job.input, item.job.output), item.image, item.trust
        notes = image.all_notes
        try:
            pixels = self.translator.processor.postprocess(image.pixels, image.form)
            encoded = EncodedOutput(
                encode_image(pixels, output.suffix, image.like),
                item.input_sha256,
                [note.text for note in notes],
                trust and trust.scores,
                trust and trust.map(image.form.size),
            )
        except (OSError, ValueError, MemoryError) as error:  # such as a size beyond the format's
            return Problem(source, "encode", type(error).__name__, f"{output.suffix}: {error}")
        except BaseException as error:
            reraise_interruption(error)
            return Problem(source, "encode", FAILED, describe_unexpected(error))
        try:
            self.outputs.write(item.job, encoded)
        except OSError as error:
            return translation_problem(source, output, item.size, error)
        except TranslateError:
            raise
        except BaseException as error:
            reraise_interruption(error)
            return Problem(source, "write", FAILED, describe_unexpected(error))
        return item.result(notes)
