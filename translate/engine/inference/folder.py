"""Translation of a folder: outputs that exist are skipped, and every image is counted."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import gettempdir

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.file_translator import FileTranslator
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.records import HUB_COMMIT, RECORDS_FOLDER
from translate.engine.inference.outputs.remaining import find_remaining
from translate.engine.inference.pipeline import ImageResult, Pipeline, PipelineResult
from translate.engine.inference.planning import make_processor, plan_jobs
from translate.engine.inference.report import FolderReport, note_lost_messages
from translate.engine.inference.trust import TrustMeter
from translate.engine.models.image_model import ImageModel
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.preparation import takes_windows
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.processes.launch import read_launch
from translate.engine.shards.manifests import ShardManifests
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.errors import BadImage
from translate.results import InferenceResult

logger = logging.getLogger(__name__)
OpenMeter = Callable[[ImageProcessor], TrustMeter]
"""Returns a meter, which measures the trust of a processor's outputs."""
Execute = Callable[[Sequence[Job], Callable[[], object]], Generator[PipelineResult]]
"""Yields the results of jobs until a function returns true, as `Pipeline.run` does."""


def translate_folder(
    model: ImageModel,
    inputs: Inputs,
    out: Path,
    options: InferenceOptions,
    *,
    trust: OpenMeter | None = None,
) -> InferenceResult:
    """Translate `inputs` into the same tree below `out`, as `FolderTranslation` does."""
    return deque(FolderTranslation(model, inputs, out, options, trust=trust).run(), maxlen=1).pop()


class FolderTranslation:
    """Translates images into the same tree of folders below another folder.

    Images that cannot be translated are listed in ``out/problems.jsonl``. Under torchrun, each
    process translates a part of the images.
    """

    def __init__(
        self,
        model: ImageModel,
        inputs: Inputs,
        out: Path,
        options: InferenceOptions,
        *,
        trust: OpenMeter | None = None,
        stop: Callable[[], object] = bool,
        watch: Callable[[InferenceResult], object] = bool,
    ) -> None:
        """Find the images without an output.

        Args:
            model: the model.
            inputs: the images.
            out: the output folder.
            options: the options.
            trust: opens a meter, which measures the trust of each output.
            stop: once it returns true, no other batch is started; the current batch is finished,
                but an image in tiles is abandoned.
            watch: called with the counts after each tile of an image that is translated in tiles.

        Raises:
            TranslateError: options are wrong, or an output exists from another input, model or
                options.
        """
        self.options, self.stop, self.watch = options, stop, watch
        scratch = out / RECORDS_FOLDER if storage_of(out).is_local else Path(gettempdir())
        limits = TileOptions(options.tile, options.memory, scratch, stop, self._advance)
        self.processor, made_by = make_processor(model, options, limits)
        with_trust = trust is not None
        self.sources = Sources(
            options.max_pixels,
            lambda job: not with_trust and takes_windows(self.processor, job.output.suffix),
        )
        jobs = plan_jobs(self.processor, inputs, out, options, self.sources)
        self.manifest = OutputManifest(
            out, made_by, overwrite=options.overwrite, shard=options.shard
        )
        if options.shard:
            self._shards.begin(overwrite=options.overwrite)
        self.todo, skipped, self.recorded_notes = find_remaining(
            self.manifest, jobs, self._digest, with_trust=with_trust
        )
        self.manifest.digests.take_input_stamps(self.todo)
        self.meter = trust(self.processor) if trust and self.todo else None
        self.unreadable = [
            Problem.of(error, "read") for error in _unreadable(inputs, options.shard)
        ]
        requested = len(jobs) + len(self.unreadable)
        result = InferenceResult(requested, self.manifest.problems, skipped=skipped)
        self.report = FolderReport(result, self.manifest, self.processor)
        if not (options.shard and options.shard.index):
            self.report.describe_folder(inputs.skipped)

    def _pipeline(self) -> Pipeline:
        return Pipeline(
            FileTranslator(self.processor, self.options),
            self.sources,
            self.manifest,
            batch_size=self.options.batch_size or self.processor.model.batch_size,
            meter=self.meter,
            writers=self.manifest.storage.threads,
        )

    def run(self, execute: Execute | None = None) -> Iterator[InferenceResult]:
        """Translate the images, and yield the counts after each.

        Args:
            execute: translates the images in place of a pipeline of this process.

        Raises:
            SaveError: after three failed writes in a row.
            NothingUsableError: no image could be translated.
        """
        execute = execute or self._pipeline().run
        report, manifest, shard = self.report, self.manifest, self.options.shard
        with (
            manifest.open(todo=self.todo),
            closing(self.sources),
            closing(execute(self.todo, self.stop)) as results,
        ):
            if shard:
                self._shards.discard(shard)
            report.list_earlier(self.recorded_notes)
            for each in chain(self.unreadable, results):
                report.add(each)
                if isinstance(each, ImageResult):
                    manifest.digests.add_input(each.job, each.input_sha256)
                yield report.result
            note_lost_messages(manifest)
        remaining = report.result.remaining
        if shard and not remaining and report.has_retriable:
            logger.info(f"shard {shard} is not complete: run it again")
        elif shard and not remaining:
            self._shards.end(shard, report.result)
        report.end(is_shard=shard is not None)
        assert self.stop() or not remaining, f"{remaining} images have no result"
        yield report.result

    def _advance(self, fraction: float) -> None:
        """Count a fraction of an image that is translated in tiles."""
        result = self.report.result
        current = min(1.0, result.current_fraction + fraction)
        self.report.result = replace(result, current_fraction=current)
        self.watch(self.report.result)

    def _digest(self, job: Job) -> str | None:
        read = partial(self.sources.digest, job, keep=self.options.overwrite)
        return self.manifest.digests.digest_of(job.files, read)

    @property
    def _shards(self) -> ShardManifests:
        made_by = {
            k: v for k, v in self.manifest.recorded_outputs.made_by.items() if k != HUB_COMMIT
        }
        names = {"format": self.options.format, "frames": self.options.frames}
        return ShardManifests(self.manifest.out, {**made_by, **names})


def _unreadable(inputs: Inputs, shard: Shard | None) -> list[BadImage]:
    """Return the unreadable files that this process must list; each is listed by one process."""
    if shard is None:
        return inputs.problems if read_launch().is_first else []
    return [error for error in inputs.problems if shard.has(str(error.path))]
