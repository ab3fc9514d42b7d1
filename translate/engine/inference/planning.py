"""What is decided before any image of a folder is translated: options, jobs and batches."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.inference.inputs.jobs import Job, list_jobs
from translate.engine.inference.inputs.masks import with_masks
from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.names import OutputNames
from translate.engine.inference.run_ahead import slices_of
from translate.engine.models.image_model import ImageModel
from translate.engine.models.options import InferenceOptions, recorded_options
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.processes.launch import read_launch
from translate.errors import BadImage, ConfigError
from translate.folders.walk import folded, split_suffix

SORTED_BATCHES = 8
"""number of batches of jobs that are sorted by image size at a time"""


def make_processor(
    model: ImageModel, options: InferenceOptions, limits: TileOptions
) -> tuple[ImageProcessor, Mapping[str, Any]]:
    """Return the processor with `options`, and the keys and values that records have of both.

    Raises `ConfigError` for options that the model does not support.
    """
    to, half = model.choose_target(options.to), model.side_index(options.side)
    side = None if half is None else options.side
    values, seed = model.complete_options(options.options or {}), model.choose_seed(options.seed)
    processor = ImageProcessor(
        model, to, half, options.size, options.scale_back, options.max_pixels, values, seed, limits
    )
    complete = replace(options, to=to, side=side, options=to_yaml_types(values) or None, seed=seed)
    made_by = {
        **model.identity,
        "gray": model.keeps_gray or None,
        **recorded_options(complete),
        "tile": processor.tiler and processor.tiler.recorded_tile,
    }
    return processor, made_by


def plan_jobs(
    processor: ImageProcessor,
    inputs: Inputs,
    out: Path,
    options: InferenceOptions,
    sources: Sources,
) -> list[Job]:
    """Return the jobs of this process.

    Raises `ConfigError` if outputs of two images would have one name, or masks do not match.
    """
    model = processor.model
    process, shard = read_launch(), options.shard
    if shard and not process.is_single:
        raise ConfigError(
            f"shard: {shard} cannot be divided among the {process.world_size} processes of "
            "torchrun: start a process for each shard, without torchrun."
        )
    if shard and options.limit:
        raise ConfigError(
            f"limit: a limit of {options.limit} images would leave shard {shard} incomplete: leave "
            "out --limit or --shard."
        )
    names = OutputNames(processor.target, options.format, model.keeps_gray)
    jobs = list_jobs(inputs, out, names, shard)
    if options.mask:
        if not model.takes_mask:
            raise ConfigError(f"mask: {model.name} does not inpaint: leave --mask out.")
        jobs = with_masks(jobs, options.mask, is_shard=shard is not None)
    jobs = jobs[: options.limit]
    if options.frames == "all":
        jobs = with_frames(jobs, sources)
    return jobs[process.rank :: process.world_size]


def with_frames(jobs: Sequence[Job], sources: Sources) -> list[Job]:
    """Return `jobs`, with a job for each frame of a file: ``x.0001.png``, ``x.0002.png``.

    Jobs of files with one frame are unchanged. Raises `ConfigError` if two outputs would have one
    name.
    """
    split = [frame_job for job in jobs for frame_job in _frames(job, sources)]
    names = Counter(folded(job.output_name) for job in split)
    if repeated := [str(job.output) for job in split if names[folded(job.output_name)] > 1]:
        raise ConfigError(f"frames: two images would become {repeated[0]}: rename one of them.")
    return split


def _frames(job: Job, sources: Sources) -> list[Job]:
    try:
        header = sources.get(job).image.header
    except BadImage:
        return [job]  # the problem is listed when the image is read
    if header.frames == 1:
        return [job]
    stem, suffix = split_suffix(job.output_name)
    outputs = [f"{stem}.{n:04}{suffix}" for n in range(1, header.frames + 1)]
    return [job._replace(output_name=output, frame=n) for n, output in enumerate(outputs)]


def jobs_of_one_size(
    jobs: Sequence[Job], batch_size: int, sources: Sources
) -> Iterator[Sequence[Job]]:
    """Yield batches of images of one size, in an order that depends only on `jobs`."""
    if batch_size == 1:
        yield from slices_of(jobs, 1)  # without reading headers
        return
    for window in slices_of(jobs, SORTED_BATCHES * batch_size):
        by_size: dict[tuple[int, int], list[Job]] = {}
        for job in window:
            by_size.setdefault(sources.size(job), []).append(job)
        for group in by_size.values():
            yield from slices_of(group, batch_size)
