"""Batches of jobs whose images have one size."""

from collections.abc import Iterator, Sequence

from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.run_ahead import slices_of

WINDOW = 8
"""number of batches of jobs that are sorted by image size at a time"""


def jobs_of_one_size(
    jobs: Sequence[Job], batch_size: int, sources: Sources
) -> Iterator[Sequence[Job]]:
    """Yield batches of images of one size, in an order that depends only on `jobs`."""
    if batch_size == 1:
        yield from slices_of(jobs, 1)  # without reading headers
        return
    for window in slices_of(jobs, WINDOW * batch_size):
        by_size: dict[tuple[int, int], list[Job]] = {}
        for job in window:
            by_size.setdefault(sources.size(job), []).append(job)
        for group in by_size.values():
            yield from slices_of(group, batch_size)
