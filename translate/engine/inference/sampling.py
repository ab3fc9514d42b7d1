"""Writes images that are generated from noise to a folder, and skips outputs that exist."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.disk import file_system, folders
from translate.engine.disk.records.problems import FAILED, Problem
from translate.engine.inference.outputs.destinations import EncodedOutput
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.remaining import find_remaining
from translate.engine.inference.report import note_lost_messages
from translate.engine.models.generation import (
    ALL_CLASSES,
    BATCH_SIZE,
    SampleRequest,
    check_request,
    classes,
    complete_request,
    draw_batch,
)
from translate.engine.models.model import Model
from translate.engine.models.options import recorded_options
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import reraise_interruption
from translate.errors import NothingUsableError, SaveError
from translate.images.domains.levels import is_photographic
from translate.images.encode import encode_image
from translate.images.files.format_registry import best_dtype, output_suffix
from translate.images.layers import Pixels
from translate.images.metadata.provenance import Maker, header_of_sample
from translate.results import InferenceResult

WRITERS = 4
"""number of threads that encode and write"""

logger = logging.getLogger(__name__)


class Sample(NamedTuple):
    """One image to generate."""

    number: int
    output: Path

    @property
    def origin(self) -> str:
        """The name of the input in the records of outputs."""
        return f"noise {self.number}"


def sample_folder(
    model: Model,
    out: Path,
    request: SampleRequest,
    *,
    form: str = "png",
    overwrite: bool = False,
    provenance: bool = True,
    stop: Callable[[], object] = bool,
) -> Iterator[InferenceResult]:
    """Write ``out/000001.png`` and further images, and yield the counts after each batch.

    Outputs of the same model and seed that exist are skipped.

    Args:
        model: the model.
        out: the output folder.
        request: the images to generate.
        form: the suffix of the outputs.
        overwrite: whether outputs of other models or options may be replaced.
        provenance: whether outputs get metadata that names the model.
        stop: once it returns true, the current batch is finished, and no other is started.

    Raises:
        TranslateError: before any work, if the model cannot generate what is requested.
        SaveError: an image cannot be written.
        NothingUsableError: no image is finite.
    """
    text, target = check_request(model, request), model.spec.target
    request = complete_request(model, request)
    suffix = output_suffix(
        form, target.channels, "uint8" if is_photographic(target) else target.dtype
    )
    dtype = best_dtype(suffix, target.channels, target.dtype)
    folders.ensure_writable(out)
    recorded_request = replace(request, options=to_yaml_types(request.options))
    made_by = {**model.identity, **recorded_options(recorded_request)}
    if not provenance:
        made_by["provenance"] = False
    maker = model.maker if provenance else None
    manifest = OutputManifest(out, made_by, overwrite=overwrite)
    requested = _samples(model, out, request, suffix)
    todo, skipped, _ = find_remaining(manifest, requested, lambda _: "")
    result = InferenceResult(request.count, manifest.problems, skipped=skipped)
    for limit in file_system.unsupported_operations(out):
        logger.info(f"the file system of {out}: {limit}")
    with manifest.open(), DaemonThreadPool(WRITERS) as writers:
        for batch, group in groupby(todo, lambda sample: sample.number // BATCH_SIZE):
            if stop():
                break
            images = draw_batch(model, request, batch * BATCH_SIZE, text, dtype)
            samples = list(group)
            pixels = [images[sample.number % BATCH_SIZE] for sample in samples]
            written = writers.map(partial(_write, manifest, maker), samples, pixels)
            problems = [problem for problem in written if problem]
            for problem in problems:
                logger.info(f"{problem.path}: {problem.message}")
                manifest.add_problem(problem)
            done = result.done + len(samples) - len(problems)
            result = replace(result, done=done, listed=result.listed + len(problems))
            yield result
    note_lost_messages(manifest)
    if result.listed == result.requested:
        raise NothingUsableError(f"{model.name}: no image is finite. Train it again.")
    yield result


def _write(
    manifest: OutputManifest, maker: Maker | None, sample: Sample, pixels: Pixels | None
) -> Problem | None:
    """Write one image, or return its problem; raises `SaveError`."""
    if pixels is None:
        return Problem(sample.output, "draw", "not finite", "it is not finite")
    try:
        like = header_of_sample(pixels, maker)
        data = encode_image(pixels, sample.output.suffix, like)
    except BaseException as error:
        reraise_interruption(error)
        return Problem(sample.output, "encode", FAILED, describe_unexpected(error))
    try:
        manifest.write(sample, EncodedOutput(data, ""))
    except OSError as error:
        reason = error.strerror or error
        raise SaveError(f"could not write {sample.output}: {reason}.") from error
    return None


def _samples(model: Model, out: Path, request: SampleRequest, suffix: str) -> Iterator[Sample]:
    """Yield the images to generate: of ``all`` classes in turn, each class in its own folder."""
    class_names = classes(model)
    for number in range(request.count):
        folder, position = out, number
        if request.label == ALL_CLASSES:
            folder = out / class_names[number % len(class_names)]
            position = number // len(class_names)
        yield Sample(number, folder / f"{position + 1:06}{suffix}")
