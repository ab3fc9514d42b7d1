"""Translation of a folder: plan outputs, skip those that exist, and count every image."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import gettempdir

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.manifest import HIDDEN, OutputManifest
from translate.engine.inference.outputs.records import SOURCE
from translate.engine.inference.pipeline import ImageResult, Pipeline, PipelineResult
from translate.engine.inference.planning import make_processor, plan_jobs
from translate.engine.inference.report import FolderReport
from translate.engine.inference.trust import TrustMeter
from translate.engine.models.image_model import ImageModel
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.pixels.windows import takes_windows
from translate.engine.processes.launch import read_launch
from translate.engine.shards.manifests import ShardManifests
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.errors import BadImage
from translate.results import InferenceResult

logger = logging.getLogger(__name__)
OpenMeter = Callable[[ImageProcessor], TrustMeter]
"""returns a meter of the trust of a processor's outputs"""
Execute = Callable[[Sequence[Job], Callable[[], object]], Generator[PipelineResult]]
"""yields the results of jobs until a function returns true, as `Pipeline.run` does"""


def translate_folder(
    model: ImageModel,
    inputs: Inputs,
    out: Path,
    options: InferenceOptions,
    *,
    trust: OpenMeter | None = None,
    stop: Callable[[], object] = bool,
) -> InferenceResult:
    """Translate `inputs` into the same tree below `out`, as `translate_each` does."""
    return deque(
        translate_each(model, inputs, out, options, trust=trust, stop=stop), maxlen=1
    ).pop()


def translate_each(
    model: ImageModel,
    inputs: Inputs,
    out: Path,
    options: InferenceOptions,
    *,
    trust: OpenMeter | None = None,
    stop: Callable[[], object] = bool,
    watch: Callable[[InferenceResult], object] = bool,
    execute: Execute | None = None,
) -> Iterator[InferenceResult]:
    """Translate `inputs` into the same tree below `out`, and yield the counts after each image.

    Images that cannot be translated are listed in ``out/problems.jsonl``. Under torchrun, each
    process translates its part of the images.

    Args:
        model: the model.
        inputs: the images.
        out: the output folder.
        options: the options.
        trust: opens a meter, with which the trust of each output is measured and recorded.
        stop: once it returns true, the current batch is finished and no other started; an image
            that is translated in tiles is abandoned.
        watch: called with the counts while an image is translated in tiles.
        execute: translates the images in place of the pipeline of this process.

    Raises:
        TranslateError: before any work, if options are wrong or an output exists from another
            input, model or options.
        SaveError: after three failed writes in a row.
        NothingUsableError: no image could be translated.
    """
    shard = options.shard
    scratch = out / HIDDEN if storage_of(out).is_local else Path(gettempdir())
    limits = TileOptions(options.tile, options.memory, scratch, stop, lambda part: advance(part))
    processor, made_by = make_processor(model, options, limits)
    sources = Sources(
        options.max_pixels,
        lambda job: trust is None and takes_windows(processor, job.output.suffix),
    )
    jobs = plan_jobs(processor, inputs, out, options, sources)
    manifest = OutputManifest(
        out, made_by, overwrite=options.overwrite, with_trust=trust is not None, shard=shard
    )
    compared = {key: value for key, value in made_by.items() if key != SOURCE}
    names = {"format": options.format, "frames": options.frames}
    shards = ShardManifests(out, {**compared, **names})
    if shard:
        shards.begin(overwrite=options.overwrite)

    def digest(job: Job) -> str | None:
        return manifest.digests.of(job.files, lambda: sources.digest(job, keep=options.overwrite))

    todo, skipped = manifest.split(jobs, digest)
    manifest.digests.expect(todo)
    unreadable = [Problem.of(bad, "read") for bad in _unreadable_files(inputs, shard)]
    result = InferenceResult(len(jobs) + len(unreadable), manifest.problems, skipped=skipped)
    pipeline = Pipeline(
        processor,
        sources,
        outputs=manifest,
        batch_size=options.batch_size or model.batch_size,
        keep_metadata=options.keep_metadata,
        to_srgb=options.to_srgb,
        provenance=options.provenance,
        meter=trust(processor) if trust and todo else None,
        writers=manifest.storage.threads,
    )
    report = FolderReport(result, manifest, processor)
    if not (shard and shard.index):
        report.describe_folder(inputs.skipped)

    def advance(fraction: float) -> None:
        current = min(1.0, report.result.current_fraction + fraction)
        report.result = replace(report.result, current_fraction=current)
        watch(report.result)

    with (
        manifest.open(todo=todo),
        closing(sources),
        closing((execute or pipeline.run)(todo, stop)) as results,
    ):
        if shard:
            shards.discard(shard)
        report.list_again(manifest.recorded_notes)
        for each in chain(unreadable, results):
            report.add(each)
            if isinstance(each, ImageResult):
                manifest.digests.add_input(each.job, each.input_sha256)
            yield report.result
        report.note_lost_messages()
    if shard and not report.result.remaining:
        if report.retriable:
            logger.info(f"shard {shard} is not complete: run it again")
        else:
            shards.end(shard, report.result)
    report.end(part=shard is not None)
    left = report.result.remaining
    assert stop() or not left, f"{left} images have no result"
    yield report.result


def _unreadable_files(inputs: Inputs, shard: Shard | None) -> list[BadImage]:
    """Return the unreadable files that this process lists; each is listed by one process."""
    if shard is None:
        return inputs.problems if read_launch().is_first else []
    return [bad for bad in inputs.problems if shard.has(str(bad.path))]
