"""Translate a folder of images: plan the outputs, skip what is done, and count every image."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

from translate.engine.disk.problems import Problem
from translate.engine.inference.inputs import Inputs
from translate.engine.inference.manifest import HIDDEN, OutputManifest
from translate.engine.inference.pipeline import Pipeline, PipelineResult
from translate.engine.inference.planning import make_processor, plan_jobs
from translate.engine.inference.report import FolderReport
from translate.engine.inference.sources import Job, Sources
from translate.engine.inference.trust import TrustMeter
from translate.engine.models.image_model import ImageModel
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.pixels.windows import takes_windows
from translate.engine.processes.launch import read_launch
from translate.results import InferenceResult

OpenMeter = Callable[[ImageProcessor], TrustMeter]
"""returns what measures the trust of the outputs of a processor"""
Execute = Callable[[Sequence[Job], Callable[[], object]], Generator[PipelineResult]]
"""translates jobs and yields the result of each, until it is told to stop: as `Pipeline.run`"""


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
    """Translate `inputs` into the same tree below `out`, and yield how many are done so far.

    What cannot be translated is listed in ``problems.jsonl`` there. Under torchrun each process
    takes its share. Once `stop` returns something true, the batch at hand is finished and no other
    begun; an image that is translated in tiles is given up. `watch` gets how far such an image is.
    With `trust`, the trust of each output is measured and recorded. With `execute`, that does the
    work, and not this process.

    Raises:
        TranslateError: before any work, if the options do not fit or an output is taken.
        SaveError: after three failed writes in a row.
        NothingUsableError: if not one image could be translated.
    """
    limits = TileOptions(
        options.tile, options.memory, out / HIDDEN, stop, lambda share: advance(share)
    )
    processor, made_by = make_processor(model, options, limits)
    sources = Sources(
        options.max_pixels,
        lambda job: trust is None and takes_windows(processor, job.output.suffix),
    )
    jobs = plan_jobs(processor, inputs, out, options, sources)
    manifest = OutputManifest(
        out, made_by, overwrite=options.overwrite, with_trust=trust is not None
    )
    todo, skipped = manifest.split(jobs, lambda job: sources.digest(job, keep=options.overwrite))
    unreadable = [Problem.of(bad, "read") for bad in inputs.problems if read_launch().is_first]
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
    )
    report = FolderReport(result, manifest, processor)
    report.describe_folder(inputs.skipped)

    def advance(share: float) -> None:
        begun = min(1.0, report.result.begun + share)
        report.result = replace(report.result, begun=begun)
        watch(report.result)

    with manifest.open(), closing((execute or pipeline.run)(todo, stop)) as results:
        report.list_again(manifest.recorded_notes)
        for each in chain(unreadable, results):
            report.add(each)
            yield report.result
        report.note_lost_messages()
    report.end()
    left = report.result.left
    assert stop() or not left, f"{left} images were lost on the way"
    yield report.result
