"""The data loader of training, which can start at any step."""

import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import cv2
import torch
from torch.utils.data import DataLoader

from translate.batches import Layout
from translate.engine.config.schema import Data
from translate.engine.disk.records.problems import Problem
from translate.engine.loading import workers
from translate.engine.loading.order import (
    MAX_TRIES,
    UNBATCHED,
    Items,
    batch_keys,
    collate,
    item_rng,
)
from translate.engine.loading.transform import Augment
from translate.errors import BadImage, TrainingError

SHARED_MEMORY = Path("/dev/shm")
"""the folder that worker processes share batches in on Linux"""


class Dataset(Protocol):
    """A layout of items, and the cropping and augmentation of their images."""

    @property
    def layout(self) -> Layout: ...

    @property
    def augment(self) -> Augment: ...


class AnyWorkers(DataLoader):
    """A loader without a warning of more workers than cores, as workers wait for disks."""

    def check_worker_number_rationality(self) -> None:
        """Do not warn."""


def batches(
    dataset: Dataset,
    data: Data,
    *,
    seed: int,
    batch_size: int,
    steps: range = range(sys.maxsize),
    positions: range | None = None,
    pin: bool = False,
    stop_requested: Callable[[], object] = workers.never_stop,
) -> Generator[tuple[Any, list[Problem]]]:
    """Yield the batch of each step, with new problems of its files.

    Close the generator if not all batches are used: a thread or processes read ahead. An item with
    a file that cannot be read is replaced by the next item, and listed once.

    Args:
        dataset: The checked dataset.
        data: The settings.
        seed: The seed of the order and of augmentation.
        batch_size: The number of items of a batch over all processes.
        steps: The steps; by default without end.
        positions: The positions in each batch that this process reads; None: all.
        pin: Whether to pin memory, for a GPU.
        stop_requested: Returns whether to stop instead of waiting for the next batch.

    Raises:
        TrainingError: Many items in a row cannot be read, or a worker fails.
        StoppedWaitingError: `stop_requested` returns true, and the next batch is not ready.
    """
    positions = range(batch_size) if positions is None else positions
    options: dict[str, Any] = {"num_workers": data.workers}
    if data.workers:
        cv2.setNumThreads(1)  # OpenCV's threads do not exist after a fork
        fork = "fork" if sys.platform == "linux" else None
        options |= {"worker_init_fn": workers.initialize_worker, "multiprocessing_context": fork}
        options |= {"timeout": workers.WORKER_POLL_SECONDS}

    def loader(done: int) -> DataLoader:
        """Return a loader that continues after `done` steps."""
        return AnyWorkers(
            Items(dataset.layout, dataset.augment.item, seed),
            batch_sampler=batch_keys(
                steps[done:], len(dataset.layout), seed, batch_size, positions
            ),
            collate_fn=collate,
            generator=torch.Generator(),  # otherwise it draws from the global generator
            pin_memory=pin,
            **options,
        )

    restarts: list[str] = []
    if data.workers:
        return report_once(workers.by_processes(loader, restarts.append, stop_requested), restarts)
    return report_once(workers.by_thread(loader(0), stop_requested), restarts)


def shared_memory_warning(dataset: Dataset, data: Data, *, seed: int, batch_size: int) -> str:
    """Return a warning if /dev/shm is too small for the batches that workers read ahead; else "".

    It holds two batches for each worker, and one for the training step.
    """
    if not data.workers or not SHARED_MEMORY.is_dir():
        return ""
    item, _ = Items(dataset.layout, dataset.augment.item, seed)[0, 0]
    tensors = [field for field in item or () if isinstance(field, torch.Tensor)]
    batch_bytes = batch_size * sum(tensor.nbytes for tensor in tensors)
    free = shutil.disk_usage(SHARED_MEMORY).free
    needed = batch_bytes * (2 * data.workers + 1)
    if needed <= free:
        return ""
    workers_that_fit = max(0, int(free / max(1, batch_bytes) - 1) // 2)
    return (
        f"data.workers: {data.workers} workers with batches of {batch_bytes / 1e6:.1f} MB may need "
        f"{needed / 1e6:.1f} MB of shared memory, and {SHARED_MEMORY} has {free / 1e6:.1f} MB "
        f"free. Set data.workers={workers_that_fit}, or give a container more: docker run "
        "--shm-size=2g"
    )


def item_names(dataset: Dataset, *, seed: int, batch_size: int, step: int) -> list[str]:
    """Return the names of the items of one step's batch, over all processes."""
    layout = dataset.layout
    (keys,) = batch_keys([step], len(layout), seed, batch_size, range(batch_size))
    items = (layout.pick(index, item_rng(seed, epoch, index)) for epoch, index in keys)
    return list(dict.fromkeys(name for item in items for name in item.names))


def report_once(
    batches: Generator[tuple[Any, list[BadImage]]], restarts: list[str]
) -> Generator[tuple[Any, list[Problem]]]:
    """Yield `batches` with new problems: each bad file once, and each message of `restarts`."""
    reported: set[Path] = set()
    with closing(batches):
        for batch, errors in batches:
            if batch is None and errors and errors[-1].path == UNBATCHED:
                raise TrainingError(errors[-1].reason)
            if batch is None:
                raise TrainingError(
                    f"{MAX_TRIES} items in a row cannot be read. The first is "
                    f"{str(errors[0]).removesuffix('.')}."
                )
            new = {e.path: Problem.of(e, "training") for e in errors if e.path not in reported}
            reported.update(new)
            for reason in restarts:
                problem = Problem(Path("data.workers"), "training", "restarted", reason)
                new[problem.path] = problem
            restarts.clear()
            yield batch, [*new.values()]
