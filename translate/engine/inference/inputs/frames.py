"""A job for each frame or page of a file."""

from collections import Counter
from collections.abc import Sequence

from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.errors import BadImage, ConfigError
from translate.folders.walk import folded, split_suffix


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
