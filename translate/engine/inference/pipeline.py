"""The pipeline of a folder: read images ahead, translate them, encode and write in threads.

Each stage maps images and problems to as many images and problems: an image that fails becomes a
`Problem`, and the others continue.
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
from translate.engine.inference.inputs.batches import jobs_of_one_size
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Source, Sources
from translate.engine.inference.outputs.destinations import Outputs
from translate.engine.inference.run_ahead import run_ahead
from translate.engine.inference.trust import Trust, TrustMeter, measure_finite
from translate.engine.loading.item_errors import item_error
from translate.engine.models.tile_options import StoppedError
from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.pixels.preparation import PreparedImage, prepare
from translate.engine.pixels.processing import ImageProcessor, OutputForm
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import reraise_interruption
from translate.errors import BadImage, TranslateError
from translate.formats import Header, Note
from translate.images.encode import encode_image
from translate.images.files.format_registry import best_type
from translate.images.layers import Pixels, guarded
from translate.images.metadata.profiles import in_srgb, unconverted_windows

if TYPE_CHECKING:
    from translate.engine.pixels.large_images import LargeImage

READ_AHEAD = 2
"""number of batches"""
WRITERS = min(4, os.cpu_count() or 1)
"""number of threads that encode, which takes longer than translation on a GPU"""


class ImageResult(NamedTuple):
    """An image in the pipeline."""

    job: Job
    input_sha256: str
    pixels: Pixels
    """the network's input, then its output"""
    form: OutputForm
    notes: Sequence[Note] = ()
    """information that was lost in reading"""
    like: Header | None = None
    """metadata for the output"""
    trust: Trust | None = None
    """trust of the output, if it is measured"""
    large: "LargeImage | None" = None
    """an image that is read and written in windows, without `pixels`"""


PipelineResult = ImageResult | Problem
Notes = tuple[Note, ...]


@dataclass(frozen=True)
class Pipeline:
    """The stages of the pipeline, and their options."""

    processor: ImageProcessor
    sources: Sources
    outputs: Outputs
    batch_size: int
    keep_metadata: bool = False
    to_srgb: bool = False
    """whether colours are converted from the file's profile to sRGB"""
    provenance: bool = True
    """whether outputs name the model that made them"""
    meter: TrustMeter | None = None
    """measures the trust of each output"""
    writers: int = 0
    """number of threads that encode and write; 0: `WRITERS`"""

    def run(self, jobs: Sequence[Job], stop: Callable[[], object]) -> Generator[PipelineResult]:
        """Yield the result of each of `jobs`; the network runs in the caller's thread.

        Once `stop` returns true, the current batch is finished and no other started.
        """
        self.sources.expect(jobs)
        count = self.writers or WRITERS
        with DaemonThreadPool(1) as reader, DaemonThreadPool(count) as writer:
            batches = repeat(jobs_of_one_size(jobs, self.batch_size, self.sources))
            read = run_ahead(reader, self._read_next, batches, READ_AHEAD, stop)
            until_stop = takewhile(lambda items: items is not None and not stop(), read)
            translated = (self.translate(items or ()) for items in until_stop)
            for results in run_ahead(writer, self.write, translated, 2 * count):
                yield from results
            if stop():
                reader.abandon()  # does not wait for the read in progress

    def _read_next(self, batches: Iterator[Sequence[Job]]) -> list[PipelineResult] | None:
        jobs = next(batches, None)
        return None if jobs is None else self.read(jobs)

    def read(self, jobs: Sequence[Job]) -> list[PipelineResult]:
        """Decode and preprocess the images of `jobs`."""
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
        source, processor = self.sources.take(job), self.processor
        if source.is_large:
            return self._open_large(job, source)
        decoded, header, notes = source.decode(job.frame), source.header, Notes()
        if self.to_srgb:
            decoded, header, notes = in_srgb(decoded, header)
        prepared = prepare(
            processor,
            DecodedInput(decoded, job.input, source.image),
            partial(best_type, job.output.suffix),
            hole=source.hole(decoded) if processor.model.takes_mask else None,
            masked=job.mask is not None,
            frame=job.frame,
        )
        return self._result(job, source, prepared, header, notes)

    def _open_large(self, job: Job, source: Source) -> ImageResult:
        """Return an image whose pixels are read while it is translated."""
        from translate.engine.pixels.large_images import LargeImage  # imports PyTorch

        choose = partial(best_type, job.output.suffix)
        large = LargeImage(self.processor, source.image, job.frame or 0, choose)
        prepared = large.prepare(frame=job.frame)
        notes = unconverted_windows(source.header) if self.to_srgb else ()
        return self._result(job, source, prepared, source.header, notes)._replace(large=large)

    def _result(
        self, job: Job, source: Source, prepared: PreparedImage, header: Header, notes: Notes
    ) -> ImageResult:
        digest, keep, named = source.image.sha256, self.keep_metadata, self.provenance
        like, lost = prepared.like(
            header, self.processor, digest, keep_private=keep, provenance=named
        )
        notes = (*notes, *prepared.notes, *lost)
        return ImageResult(job, source.sha256, prepared.pixels, prepared.form, notes, like)

    def translate(self, items: Sequence[PipelineResult]) -> list[PipelineResult]:
        """Translate images of one size; if a batch fails, each half of it is tried."""
        images = [item for item in items if isinstance(item, ImageResult) and not item.large]
        results: list[PipelineResult] = [item for item in items if isinstance(item, Problem)]
        for item in items:
            if isinstance(item, ImageResult) and item.large:
                results += self._translate_large(item, item.large)
        return results + self._translate(images) if images else results

    def _translate(self, images: Sequence[ImageResult]) -> list[PipelineResult]:
        try:
            inputs, forms = [image.pixels for image in images], [image.form for image in images]
            translated = self.processor.translate(inputs, forms)
            trusts = measure_finite(self.meter, inputs, translated)
        except StoppedError:
            return []
        except BaseException as error:
            reraise_interruption(error)
            job, size = images[0].job, images[0].form.input_size
            problem = translation_problem(job.input, job.output, size, error)
        else:
            return [
                Problem(image.job.input, "translate", "not finite", "the translation is not finite")
                if pixels is None
                else image._replace(
                    pixels=pixels,
                    trust=trust,
                    notes=(*image.notes, *image.form.clipped.notes()),
                )
                for image, pixels, trust in zip(images, translated, trusts, strict=True)
            ]
        if half := len(images) // 2:  # outside `except`, where the failed batch still uses memory
            return self._translate(images[:half]) + self._translate(images[half:])
        return [problem]

    def _translate_large(self, image: ImageResult, large: "LargeImage") -> list[PipelineResult]:
        """Translate an image in windows, and write each as it is translated."""
        job, notes = image.job, list(image.notes)

        def write(file: BinaryIO) -> list[str]:
            assert image.like is not None
            notes.extend(large.write(file, image.form, image.like, job.output.suffix))
            return [note.text for note in notes]

        try:
            with closing(large.image):
                self.outputs.write_with(job, image.input_sha256, write)
        except StoppedError:
            return []
        except BaseException as error:
            reraise_interruption(error)
            return [translation_problem(job.input, job.output, image.form.input_size, error)]
        return [image._replace(notes=notes)]

    def write(self, items: Sequence[PipelineResult]) -> list[PipelineResult]:
        """Postprocess, encode and write images."""
        return [
            item if isinstance(item, Problem) or item.large else self._write(item) for item in items
        ]

    def _write(self, image: ImageResult) -> PipelineResult:
        source, output = image.job.input, image.job.output
        try:
            pixels = self.processor.postprocess(image.pixels, image.form)
            data = encode_image(pixels, output.suffix, image.like)
            trust_map = image.trust and image.trust.map(pixels.shape[:2])
        except (OSError, ValueError, MemoryError) as error:  # such as a size beyond the format's
            return Problem(source, "encode", type(error).__name__, f"{output.suffix}: {error}")
        except BaseException as error:
            reraise_interruption(error)
            return Problem(source, "encode", FAILED, describe_unexpected(error))
        try:
            notes = [note.text for note in image.notes]
            scores = image.trust and image.trust.scores
            self.outputs.write(image.job, image.input_sha256, data, notes, scores, trust_map)
        except OSError as error:
            return translation_problem(source, output, image.form.input_size, error)
        except TranslateError:
            raise
        except BaseException as error:
            reraise_interruption(error)
            return Problem(source, "write", FAILED, describe_unexpected(error))
        return image
