"""Batches for training, from any step on."""

import shutil
import sys
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader

from translate.engine.config.schema import Data
from translate.engine.data import workers
from translate.engine.data.check import CheckedData, report_once
from translate.engine.data.order import (
    Items,
    batch_keys,
    collate,
    item_rng,
)
from translate.engine.disk.problems import Problem

SHARED = Path("/dev/shm")
"""where worker processes put batches, on Linux"""


def batches(
    prepared: CheckedData,
    data: Data,
    *,
    seed: int,
    batch_size: int,
    start: int = 0,
    stop: int | None = None,
    rank: int = 0,
    world: int = 1,
    pin: bool = False,
    asked_to_stop: Callable[[], object] = workers.never,
) -> Generator[tuple[Any, list[Problem]]]:
    """Yield the batches of steps `start` to `stop`, each with the files that turned bad on the way.

    To be closed where not all are taken: a thread or processes read ahead. Of each batch, process
    `rank` of `world` gets its share. A file that cannot be read any more is replaced by the next
    item, and told once. Raises `TrainingError` when that does not help either, and its
    `StoppedWaitingError` where `asked_to_stop` holds and a batch is not there.
    """
    own = range(rank * batch_size // world, (rank + 1) * batch_size // world)
    processes: dict[str, Any] = {"num_workers": data.workers}
    if data.workers:
        cv2.setNumThreads(1)  # a pool of threads would not survive the fork
        fork = "fork" if sys.platform == "linux" else None
        processes |= {"worker_init_fn": workers.begin, "multiprocessing_context": fork}
        processes |= {"timeout": workers.LOOK}

    def loader(done: int) -> DataLoader:
        first = start + done
        steps = count(first) if stop is None else range(first, stop)
        return DataLoader(
            Items(prepared.layout, prepared.augment.item, seed),
            batch_sampler=batch_keys(steps, len(prepared.layout), seed, batch_size, own),
            collate_fn=collate,
            generator=torch.Generator(),  # else it would draw from the global one
            pin_memory=pin,
            **processes,
        )

    restarts: list[str] = []
    if data.workers:
        return report_once(workers.by_processes(loader, restarts.append, asked_to_stop), restarts)
    return report_once(workers.by_thread(loader(0), asked_to_stop), restarts)


def shared_memory_remark(prepared: CheckedData, data: Data, *, seed: int, batch_size: int) -> str:
    """Return what to set where /dev/shm does not hold the batches that workers read ahead.

    Each worker has two batches under way, and one is trained on.
    """
    if not data.workers or not SHARED.is_dir():
        return ""
    item, _ = Items(prepared.layout, prepared.augment.item, seed)[0, 0]
    parts = [part for part in item or () if isinstance(part, torch.Tensor)]
    batch = batch_size * sum(part.numel() * part.element_size() for part in parts)
    free = shutil.disk_usage(SHARED).free
    needed = batch * (2 * data.workers + 1)
    if needed <= free:
        return ""
    fitting = max(0, int(free / max(1, batch) - 1) // 2)
    return (
        f"data.workers: {data.workers} workers with batches of {batch / 1e6:.1f} MB may need "
        f"{needed / 1e6:.1f} MB of shared memory, and {SHARED} has {free / 1e6:.1f} MB free. Set "
        f"data.workers={fitting}, or give a container more: docker run --shm-size=2g"
    )


def picked(prepared: CheckedData, *, seed: int, batch_size: int, step: int) -> list[str]:
    """Return the names of the items of one step's batch, over all processes."""
    layout = prepared.layout
    (keys,) = batch_keys([step], len(layout), seed, batch_size, range(batch_size))
    items = (layout.pick(index, item_rng(seed, epoch, index)) for epoch, index in keys)
    return list(dict.fromkeys(name for item in items for name in item.names))
