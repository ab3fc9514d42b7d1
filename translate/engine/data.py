"""From folders to batches: every file checked once, then an endless order that no state keeps.

What a batch holds is a pure function of the configuration, the seed and the step, whatever the
number of workers, and wherever a run is stopped and resumed.
"""

import shutil
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from math import prod
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import cv2
import torch
from torch.utils.data import DataLoader

from translate import images, registry
from translate.batches import Layout
from translate.engine import kinds, options, workers
from translate.engine.augment import Augment, require_size
from translate.engine.blank import Blank
from translate.engine.cache import Cache
from translate.engine.config import LAYOUT_KEYS, Data
from translate.engine.decoded import guarded
from translate.engine.headers import Header
from translate.engine.items import TRIES, UNBATCHED, Items, batch_keys, collate, dice, item_error
from translate.engine.names import short_names
from translate.engine.pool import Threads
from translate.engine.problems import Problem
from translate.engine.remarks import listed, notes, palette_domains, remarks
from translate.engine.signals import reraise_interruption
from translate.errors import BadImage, ConfigError, DataError, TrainingError

THREADS = 8
SHARED = Path("/dev/shm")
"""where worker processes put batches, on Linux"""


class Prepared(NamedTuple):
    """What is trained on, and what is not."""

    layout: Layout
    augment: Augment
    problems: list[Problem]
    """The files that `layout` leaves out."""
    remarks: list[str]
    """What is to be said of the others."""
    notes: Sequence[Problem] = ()
    """What each of the others loses when it is read."""


def open_layout(data: Data, leave_out: Iterable[Path] = ()) -> Layout:
    """Find the files of `data`; raises `DataError` for folders that cannot be used."""
    layout: Layout = registry.create(
        "layout",
        data.layout,
        root=data.root,
        domains=data.domains,
        split=data.split,
        sides=data.sides,
        drop_unpaired=data.drop_unpaired,
        leave_out=tuple(leave_out),
    )
    own = options.taken(registry.find("layout", _name(data)), dict.fromkeys(LAYOUT_KEYS))
    unused = [key for key in LAYOUT_KEYS if getattr(data, key) and key not in own]
    layout.notes = [
        *layout.notes,
        *(f"data.{key}: no effect, as the layout {_name(data)!r} takes none" for key in unused),
    ]
    if data.labels is None and (found := palette_domains(layout, data.domains)):
        data = data.model_copy(update={"labels": found})
        layout.notes = [
            *layout.notes,
            f"label maps: {' and '.join(found)}, as all images looked at have a palette. They are "
            "never blended; --set data.labels=[] reads them as photographs",
        ]
    first, last = data.domains[0], data.domains[-1]
    layout.spec = replace(
        layout.spec,
        domains=short_names(layout.spec.domains),
        size=data.crop,
        source_channels=data.channels_of(first) or layout.spec.source_channels,
        target_channels=data.channels_of(last) or layout.spec.target_channels,
        source_labels=data.is_labels(first),
        target_labels=data.is_labels(last),
    )
    _expect_roles(layout, data)
    return layout


def _expect_roles(layout: Layout, data: Data) -> None:
    """Raise `ConfigError` where domains of different kinds would become images of one role."""
    found = {(data.channels_of(name), data.is_labels(name)) for name in data.domains}
    if len(found) == 1:
        return
    blank = Blank(data.crop, layout.spec)
    layout.load(layout.pick(0, Random(0)), blank)
    if len(data.domains) > 2 or "target" not in blank.roles:
        raise ConfigError(
            f"data.channels, data.labels: the layout {_name(data)!r} mixes the images of "
            f"{' and '.join(data.domains)}, so all of them are read alike: set one number of "
            "channels, as in --set data.channels=3, and all domains as labels or none."
        )


def _name(data: Data) -> str:
    return registry.split("layout", data.layout)[0]


def check(layout: Layout, data: Data) -> Prepared:
    """Look at each file of `layout` once, and lay the good ones out as if there were no others.

    Where all of them fit into ``data.cache`` gigabytes they are decoded, and stay in memory; else
    their headers are read. Raises `DataError` where no file is good, `TrainingError` where more
    than ``data.max_bad`` of them are bad, `ConfigError` for what ``data.augment`` cannot list.
    """
    with Threads(THREADS) as pool:
        probed = pool.map(partial(_probe, data=data), layout.files)
        headers = dict(zip(layout.files, probed, strict=True))
        kind, by_file = kinds.common(layout.spec), kinds.of_files(layout)
        by_path = {path: by_file.get(path, kind) for path in headers}
        sizes = {p: found.size for p, found in headers.items() if isinstance(found, Header)}
        needed = sum(prod(size) * by_path[path].channels for path, size in sizes.items())
        cache = Cache(sizes if needed <= data.cache * 1e9 else {}, kind, by_file)
        augment = Augment(data, layout.spec, cache.read)
        bad = [found for found in headers.values() if isinstance(found, BadImage)]
        bad += layout.problems
        if needed <= data.cache * 1e9:
            bad += filter(None, pool.map(partial(_keep, cache), sizes))
    problems = sorted(Problem.of(found, "check") for found in bad)
    if problems:
        _guard(problems, len(layout.files) + len(layout.problems), data.max_bad)
        layout = open_layout(data, [p.path for p in problems])
    lost = notes(headers, by_path)
    said = remarks(layout, data, lost, sizes.values())
    return Prepared(layout, augment, problems, said, listed(lost))


def batches(
    prepared: Prepared,
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
        return _told(workers.by_processes(loader, restarts.append, asked_to_stop), restarts)
    return _told(workers.by_thread(loader(0), asked_to_stop), restarts)


def shared_memory_remark(prepared: Prepared, data: Data, *, seed: int, batch_size: int) -> str:
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


def picked(prepared: Prepared, *, seed: int, batch_size: int, step: int) -> list[Path]:
    """Return the files of one step's batch, over all processes."""
    layout = prepared.layout
    (keys,) = batch_keys([step], len(layout), seed, batch_size, range(batch_size))
    files = (layout.pick(index, dice(seed, epoch, index)) for epoch, index in keys)
    return list(dict.fromkeys(file for item in files for file in item))


def steps_per_epoch(prepared: Prepared, batch_size: int) -> float:
    """Return how many steps show every item once."""
    return len(prepared.layout) / batch_size


def _probe(path: Path, data: Data) -> Header | BadImage:
    """Return the header of a file that can be trained on, or what is wrong with it."""
    try:
        header = images.probe(images.load(path), path)
        with guarded(path):
            require_size(data, *header.size)
        return header
    except BadImage as bad:
        return bad
    except BaseException as error:
        reraise_interruption(error)
        return item_error([path], error)


def _keep(cache: Cache, path: Path) -> BadImage | None:
    try:
        cache.keep(path)
    except BadImage as bad:
        return bad
    except BaseException as error:
        reraise_interruption(error)
        return item_error([path], error)
    return None


def _guard(problems: Sequence[Problem], files: int, most: float) -> None:
    first = f"The first is {problems[0].path}: {problems[0].message}."
    if len(problems) == files:
        raise DataError(f"not one of {files} images can be read. {first}")
    if len(problems) > most * files:
        raise TrainingError(
            f"{len(problems)} of {files} images cannot be read, and data.max_bad is {most:g}. "
            f"{first}"
        )


def _told(
    read: Generator[tuple[Any, list[BadImage]]], restarts: list[str]
) -> Generator[tuple[Any, list[Problem]]]:
    """Yield what was `read`, and tell each bad file once."""
    told: set[Path] = set()
    with closing(read):
        for batch, met in read:
            if batch is None and met and met[-1].path == UNBATCHED:
                raise TrainingError(met[-1].reason)
            if batch is None:
                raise TrainingError(
                    f"{TRIES} items in a row cannot be read. The first is "
                    f"{str(met[0]).removesuffix('.')}."
                )
            news = {bad.path: Problem.of(bad, "training") for bad in met if bad.path not in told}
            told.update(news)
            begun = [Problem(Path("data.workers"), "training", "restarted", r) for r in restarts]
            restarts.clear()
            yield batch, [*news.values(), *begun]
