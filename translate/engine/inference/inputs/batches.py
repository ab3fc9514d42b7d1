"""Batches of jobs whose images have one size."""

from collections.abc import Iterator, Sequence

from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.run_ahead import cut

WINDOW = 8
"""number of batches that are regrouped by image size at a time"""


def jobs_of_one_size(
    jobs: Sequence[Job], batch_size: int, sources: Sources
) -> Iterator[Sequence[Job]]:
    """Yield batches of images of one size, in an order that depends only on `jobs`."""
    if batch_size == 1:
        yield from cut(jobs, 1)  # without reading headers
        return
    for window in cut(jobs, WINDOW * batch_size):
        by_size: dict[tuple[int, int], list[Job]] = {}
        for job in window:
            by_size.setdefault(sources.size(job), []).append(job)
        for group in by_size.values():
            yield from cut(group, batch_size)
