"""Translate images on a Ray cluster.

Actors (Ray's workers with a model) read images by their paths and translate them. Tasks write the
outputs. The driver, which is the process of this command, gets a small row for each image, without
the content of the output.
"""

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.pipeline import ImageResult, PipelineResult
from translate.engine.models.options import InferenceOptions
from translate.engine.system.locations import absolute
from translate.scale import Translate, arguments_of
from translate.scale.columns import read_results
from translate.scale.folder import FolderWriter
from translate.scale.ray.cluster import connect

MAX_IMAGES_PER_TASK = 64
"""maximum number of images in a task, unless the task would have fewer than 8 batches"""
TASKS_PER_ACTOR = 4
"""minimum number of tasks for each actor: all actors then end at about the same time"""
TASK_RETRIES = 3
"""number of retries of a task if its process was killed, such as for lack of memory"""


@dataclass(frozen=True)
class RayPipeline:
    """Translates images on a Ray cluster, and writes their outputs to a folder."""

    run_reference: str
    """the run, by a path or reference that is valid on all machines"""
    out: Path
    """the output folder"""
    options: InferenceOptions
    actors: int = 1
    cpus: float = 1.0
    """CPUs of each actor, and number of its PyTorch threads"""
    gpus: float = 0.0
    """GPUs of each actor"""
    address: str | None = None
    """address of the cluster; None: ``$RAY_ADDRESS``, or a local cluster for this command"""

    def run(self, jobs: Sequence[Job], stop: Callable[[], object]) -> Generator[PipelineResult]:
        """Yield one result for each job (image), in any order, until `stop` returns a true value.

        If the process of a task is killed at every retry, each image of the task is tried again in
        a task of its own. If that task fails too, the result is a `Problem`.
        """
        if not jobs:
            return
        remaining = dict(enumerate(jobs))
        with connect(
            address=self.address, actors=self.actors, cpus=self.cpus, gpus=self.gpus
        ) as ray:
            for images_per_task in (self._images_per_task(len(jobs)), 1):
                for index, result in self._results(ray, dict(remaining), images_per_task):
                    del remaining[index]
                    yield result
                    if stop():
                        return
                if not remaining:
                    return
        for job in remaining.values():
            message = f"its task on the Ray cluster failed {TASK_RETRIES + 1} times: see Ray's logs"
            yield Problem(job.input, "translate", "crashed", message)

    def _images_per_task(self, count: int) -> int:
        maximum = max(MAX_IMAGES_PER_TASK, 8 * (self.options.batch_size or 1))
        return max(1, min(maximum, ceil(count / (self.actors * TASKS_PER_ACTOR))))

    def _results(
        self, ray: Any, jobs: Mapping[int, Job], images_per_task: int
    ) -> Iterator[tuple[int, PipelineResult]]:
        """Yield the index and the result of each job, except the jobs of tasks that fail."""
        ray.data.DataContext.get_current().max_errored_blocks = -1  # no limit
        items = [self._row(index, job) for index, job in jobs.items()]
        dataset = ray.data.from_items(items, override_num_blocks=ceil(len(items) / images_per_task))
        with warnings.catch_warnings():  # Ray 2.64 has renamed some of these arguments
            warnings.simplefilter("ignore", DeprecationWarning)
            translated = dataset.map_batches(
                Translate,
                fn_constructor_args=[self.run_reference],
                fn_constructor_kwargs={
                    **arguments_of(self.options),
                    "device": "cuda" if self.gpus else "cpu",
                },
                batch_size=None,
                compute=ray.data.ActorPoolStrategy(
                    size=self.actors, max_tasks_in_flight_per_actor=2
                ),
                num_cpus=self.cpus,
                num_gpus=self.gpus,
                max_restarts=-1,  # no limit
                max_task_retries=TASK_RETRIES,
            )
        writer = FolderWriter(self.out, overwrite=self.options.overwrite)
        results = translated.map_batches(writer, batch_size=None)
        for batch in results.iter_batches(batch_size=None, batch_format="numpy"):
            for index, row in zip(batch["index"].tolist(), read_results(batch), strict=True):
                job = jobs[index]
                if row.problem:
                    yield index, row.problem._replace(path=job.input)
                else:
                    yield index, ImageResult(job, row.input_sha256, row.notes)

    def _row(self, index: int, job: Job) -> dict[str, Any]:
        """Return a job as a row of the batch that `Translate` gets, with the index of the job."""
        return {
            "index": index,
            "path": str(absolute(job.input)),
            "output": job.output.relative_to(self.out).as_posix(),
            "mask": str(absolute(job.mask)) if job.mask else "",
            "frame": -1 if job.frame is None else job.frame,
        }
