"""The pipeline of images on a Ray cluster: actors translate, tasks write, and results come back.

Paths go to the actors, which read the files. Translated files go to the tasks that write them, and
what comes back is small: one row for each image, without its content.
"""

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.pipeline import ImageResult, PipelineResult
from translate.engine.models.options import InferenceOptions
from translate.engine.pixels.processing import OutputForm
from translate.engine.system.locations import absolute
from translate.scale import FOLDER_OPTIONS, Translate
from translate.scale.columns import read_results
from translate.scale.folder import FolderWriter
from translate.scale.ray.cluster import connected

ROWS = 64
"""most images of a task, unless a batch has more"""
TASKS_OF_AN_ACTOR = 4
"""at least, so that all actors end at about the same time"""
TASK_RETRIES = 3
"""of a task of which the process ends, as where memory is short"""


@dataclass(frozen=True)
class RayPipeline:
    """Translates images on a Ray cluster, and yields the result of each once."""

    run_reference: str
    """the run, as all machines can read it"""
    out: Path
    options: InferenceOptions
    actors: int = 1
    cpus: float = 1.0
    """of each actor; PyTorch computes with as many threads"""
    gpus: float = 0.0
    """of each actor"""
    address: str | None = None
    """of the cluster; None: ``$RAY_ADDRESS``, or one that is started on this machine"""

    def run(self, jobs: Sequence[Job], stop: Callable[[], object]) -> Generator[PipelineResult]:
        """Yield the result of each of `jobs`, in any order, until `stop` returns something true.

        Images of a task that ends its process each time are tried once more, one by one. Those that
        end it again are problems.
        """
        if not jobs:
            return
        remaining = dict(enumerate(jobs))
        with connected(
            address=self.address, actors=self.actors, cpus=self.cpus, gpus=self.gpus
        ) as ray:
            for rows in (self._rows_of_a_task(len(jobs)), 1):
                for index, result in self._results(ray, dict(remaining), rows):
                    del remaining[index]
                    yield result
                    if stop():
                        return
                if not remaining:
                    return
        for job in remaining.values():
            message = f"its task on the Ray cluster failed {TASK_RETRIES + 1} times: see Ray's logs"
            yield Problem(job.input, "translate", "crashed", message)

    def _rows_of_a_task(self, count: int) -> int:
        most = max(ROWS, 8 * (self.options.batch_size or 1))
        return max(1, min(most, ceil(count / (self.actors * TASKS_OF_AN_ACTOR))))

    def _results(
        self, ray: Any, jobs: Mapping[int, Job], rows: int
    ) -> Iterator[tuple[int, PipelineResult]]:
        """Yield the index and the result of each job, except those of tasks that fail."""
        ray.data.DataContext.get_current().max_errored_blocks = -1
        settings = {
            option.name: getattr(self.options, option.name)
            for option in fields(InferenceOptions)
            if option.name not in (*FOLDER_OPTIONS, "options")
        }
        items = [self._row(index, job) for index, job in jobs.items()]
        dataset = ray.data.from_items(items, override_num_blocks=ceil(len(items) / rows))
        with warnings.catch_warnings():  # of what Ray 2.64 names otherwise
            warnings.simplefilter("ignore", DeprecationWarning)
            translated = dataset.map_batches(
                Translate,
                fn_constructor_args=[self.run_reference],
                fn_constructor_kwargs={
                    **settings,
                    **(self.options.options or {}),
                    "device": "cuda" if self.gpus else "cpu",
                },
                batch_size=None,
                compute=ray.data.ActorPoolStrategy(
                    size=self.actors, max_tasks_in_flight_per_actor=2
                ),
                num_cpus=self.cpus,
                num_gpus=self.gpus,
                max_restarts=-1,
                max_task_retries=TASK_RETRIES,
            )
        writer = FolderWriter(self.out, overwrite=self.options.overwrite)
        results = translated.map_batches(writer, batch_size=None)
        for batch in results.iter_batches(batch_size=None, batch_format="numpy"):
            for index, row in zip(batch["index"].tolist(), read_results(batch), strict=True):
                job = jobs[index]
                yield (
                    index,
                    row.problem._replace(path=job.input)
                    if row.problem
                    else ImageResult(
                        job, row.input_sha256, np.empty(0), OutputForm((0, 0), (0, 0), 0), row.notes
                    ),
                )

    def _row(self, index: int, job: Job) -> dict[str, Any]:
        """Return what an actor gets of a job."""
        return {
            "index": index,
            "path": str(absolute(job.input)),
            "output": job.output.relative_to(self.out).as_posix(),
            "mask": str(absolute(job.mask)) if job.mask else "",
            "frame": -1 if job.frame is None else job.frame,
        }
