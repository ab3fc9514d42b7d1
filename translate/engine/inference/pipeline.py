"""The way of each image from file to file: read ahead, translate, write behind.

Each stage takes images and problems and returns as many: what goes wrong with an image is a
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
"""batches"""
WRITERS = min(4, os.cpu_count() or 1)
"""threads: encoding is slower than a GPU"""


class ImageResult(NamedTuple):
    """An image on its way, and then its translation."""

    job: Job
    input_sha256: str
    pixels: Pixels
    """as the network gets them, then as it returns them"""
    form: OutputForm
    notes: Sequence[Note] = ()
    """information that the file lost when it was read"""
    like: Header | None = None
    """what its file said, as far as it is saved with the output"""
    trust: Trust | None = None
    """of the translation, if it is measured"""
    large: "LargeImage | None" = None
    """an image that is read and written in windows, and has no `pixels`"""


PipelineResult = ImageResult | Problem
Notes = tuple[Note, ...]


@dataclass(frozen=True)
class Pipeline:
    """Options of the pipeline."""

    processor: ImageProcessor
    sources: Sources
    outputs: Outputs
    batch_size: int
    keep_metadata: bool = False
    to_srgb: bool = False
    """whether colours are converted to sRGB through the profile of their file"""
    provenance: bool = True
    """whether outputs name the model that made them"""
    meter: TrustMeter | None = None
    """measures the trust of each output"""
    writers: int = 0
    """threads that encode and write; 0: `WRITERS`"""

    def run(self, jobs: Sequence[Job], stop: Callable[[], object]) -> Generator[PipelineResult]:
        """Yield the result of each of `jobs`; the network runs in the caller's thread.

        Once `stop` returns something true, the batch at hand is finished and no other begun.
        """
        self.sources.expect(jobs)
        count = self.writers or WRITERS
        with DaemonThreadPool(1) as reader, DaemonThreadPool(count) as writer:
            batches = repeat(jobs_of_one_size(jobs, self.batch_size, self.sources))
            read = run_ahead(reader, self._read_next, batches, READ_AHEAD, stop)
            whole = takewhile(lambda items: items is not None and not stop(), read)
            translated = (self.translate(items or ()) for items in whole)
            for results in run_ahead(writer, self.write, translated, 2 * count):
                yield from results
            if stop():
                reader.abandon()  # images still being read are dropped

    def _read_next(self, batches: Iterator[Sequence[Job]]) -> list[PipelineResult] | None:
        jobs = next(batches, None)
        return None if jobs is None else self.read(jobs)

    def read(self, jobs: Sequence[Job]) -> list[PipelineResult]:
        """Decode, take the half to translate, scale."""
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
        as_it_is = source.decode(job.frame), source.header, Notes()
        decoded, header, notes = in_srgb(*as_it_is[:2]) if self.to_srgb else as_it_is
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
        """Return an image without its pixels, which are read while it is translated."""
        from translate.engine.pixels.large_images import LargeImage  # seconds: PyTorch

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
        """Translate images of one size; fewer at a time where that fails for all of them."""
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
        if half := len(images) // 2:  # only here is the memory of the failed call free
            return self._translate(images[:half]) + self._translate(images[half:])
        return [problem]

    def _translate_large(self, image: ImageResult, large: "LargeImage") -> list[PipelineResult]:
        """Translate an image that is written while it is translated."""
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
        """Resize to the output size, encode in memory, then write."""
        return [
            item if isinstance(item, Problem) or item.large else self._write(item) for item in items
        ]

    def _write(self, image: ImageResult) -> PipelineResult:
        source, output = image.job.input, image.job.output
        try:
            pixels = self.processor.postprocess(image.pixels, image.form)
            data = encode_image(pixels, output.suffix, image.like)
            trust_map = image.trust and image.trust.map(pixels.shape[:2])
        except (OSError, ValueError, MemoryError) as error:  # larger than its format allows
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
