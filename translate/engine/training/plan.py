"""The plan of a dry run: what training would do and cost, measured on steps in memory."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from typing import Any, TypeVar

import torch

from translate.batches import Layout
from translate.engine.checkpoints.write import serialized_bytes
from translate.engine.evaluation.mode import gathered_weights
from translate.engine.loading.device import batch_to_device
from translate.engine.optimization.failures import explained_failures
from translate.engine.optimization.step import take_step
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.threads import ThreadCount
from translate.engine.system.flops import FlopCounter
from translate.engine.system.memory import keep_freed_memory, peak_memory_mb
from translate.engine.training.progress.preview import draw_preview, fixed_batch
from translate.engine.training.session import Session
from translate.images.contact_sheet import contact_sheet
from translate.images.encode import encode_image
from translate.recipe import Recipe
from translate.results import TrainingPlan

MIN_SECONDS, MAX_SECONDS = 3.0, 15.0
"""time for which steps are measured; more than the minimum if the load of the machine varies"""
AGREEMENT = 0.1
"""timing ends when the means of both halves of the steps differ relatively by at most this"""
WRITE_FACTOR = 4
"""time to write, sync and verify a checkpoint, relative to the time to serialize and hash it:
measured 3.4 to 4.1 for 100 and 400 MB on a local disk"""

logger = logging.getLogger(__name__)
T = TypeVar("T")


def measure_plan(session: Session) -> TrainingPlan:
    """Take two steps or more of `session` in memory, and return what training would cost.

    A checkpoint is serialized, and a preview and an evaluation are made where training makes any,
    each once. Nothing is written.
    """
    training, data, steps = session.training, session.data, session.steps
    config, train = training.config, training.config.train
    device = next(training.recipe.parameters()).device
    for warning in data.warnings:
        logger.info(warning)
    keep_freed_memory()
    threads = ThreadCount(adapt=device.type == "cpu" and not train.deterministic)
    if threads.current < threads.max_threads:
        logger.info(threads.reason())
    start = training.step
    step_seconds, gflops = _take_steps(session, device)
    seconds = step_seconds * (steps - start)
    size, once = _time_call(lambda: serialized_bytes(training), device)
    written = _times_due(start, steps, train.save_every) + session.is_new
    seconds += WRITE_FACTOR * once * written
    with gathered_weights(training):
        if train.preview_every and distributed.is_first():
            _, once = _time_call(lambda: _draw(session, device), device)
            seconds += once * _times_due(start, steps, train.preview_every)
        if session.evaluations and distributed.is_first():
            _, once = _time_call(session.evaluations.measure, device)
            seconds += once * (steps // train.evaluate_every - start // train.evaluate_every)
    return TrainingPlan(
        recipe=config.recipe,
        path=session.writer.path,
        device=str(device),
        size=config.data.crop,
        batch_size=train.batch_size,
        images=_images(data.layout),
        skipped=len(data.problems),
        items=len(data.layout),
        validation=len(data.validation.layout) if data.validation else 0,
        step=start,
        steps=steps,
        epochs=round(steps * train.batch_size / len(data.layout), 4),
        parameters=_parameters(training.recipe),
        gflops=gflops,
        step_seconds=step_seconds,
        images_per_second=train.batch_size / step_seconds,
        memory_mb=peak_memory_mb(),
        checkpoint_mb=size / 1e6,
        seconds=seconds,
    )


def _take_steps(session: Session, device: torch.device) -> tuple[float, float]:
    """Return the time of a step in seconds, and the billions of operations of the first step.

    The first step is not timed, unless there is no other.
    """
    training, start = session.training, session.training.step
    counter, took = FlopCounter(), list[float]()
    with closing(session.batches(device)) as batches:
        while training.step < session.steps and not _is_measured(took):
            before = time.perf_counter()
            with counter if training.step == start else nullcontext():
                _take_step(session, next(batches)[0], device)
            _synchronize(device)
            took.append(time.perf_counter() - before)
    timed = took[1:] or took
    return sum(timed) / len(timed), counter.flops / 1e9


def _is_measured(took: list[float]) -> bool:
    """Return whether enough steps were timed, the same on every process."""
    return bool(distributed.all_reduce_max(is_enough(took[1:])))


def is_enough(timed: Sequence[float]) -> bool:
    """Return whether enough steps were timed for a reliable mean."""
    if (total := sum(timed)) < MIN_SECONDS:
        return False
    middle = len(timed) // 2
    early, late = timed[:middle], timed[-middle:]
    return total >= MAX_SECONDS or bool(
        middle and abs(sum(early) - sum(late)) <= AGREEMENT * max(sum(early), sum(late))
    )


def _take_step(session: Session, batch: Any, device: torch.device) -> None:
    training = session.training
    with explained_failures(training, None):
        take_step(training, batch_to_device(batch, device, training.spec), session.steps)


def _draw(session: Session, device: torch.device) -> None:
    """Compute a preview with the current weights, without writing it."""
    with plugin_code(session.training.recipe, "preview"):
        rows = draw_preview(session.training, fixed_batch(session, device))
    if rows:
        encode_image(contact_sheet(rows), ".png")


def _time_call(call: Callable[[], T], device: torch.device) -> tuple[T, float]:
    """Return the result of `call` and its time in seconds."""
    before = time.perf_counter()
    result = call()
    _synchronize(device)
    return result, time.perf_counter() - before


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _times_due(start: int, steps: int, every: int) -> int:
    """Return how often an action is due after `start`: at multiples of `every`, and at the end."""
    return steps // every - start // every + (steps % every > 0)


def _images(layout: Layout) -> dict[str, int]:
    """Return the number of images of each domain, or of all if they share their files."""
    names, files = layout.spec.names, layout.domain_files
    if len(files) == len(names):
        return {name: len(paths) for name, paths in zip(names, files, strict=True)}
    return {" and ".join(names): len(layout.files) or len(layout)}


def _parameters(recipe: Recipe) -> dict[str, int]:
    """Return the number of parameters of each network that has any."""
    counts = {n: sum(p.numel() for p in m.parameters()) for n, m in recipe.named_children()}
    return {name: count for name, count in counts.items() if count}
