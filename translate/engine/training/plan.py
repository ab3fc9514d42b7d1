"""The plan of a dry run: the cost of training, estimated from steps in memory."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from statistics import mean
from typing import Any, TypeVar

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from translate.engine.checkpoints.write import serialized_bytes
from translate.engine.data.domains import image_counts
from translate.engine.evaluation.mode import gathered_weights
from translate.engine.loading.device import Uploader
from translate.engine.optimization.failures import explained_failures
from translate.engine.optimization.step import take_step
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.threads import ThreadCount
from translate.engine.system.memory import keep_freed_memory, peak_memory_mb
from translate.engine.training.monitoring.preview import draw_preview, fixed_batch
from translate.engine.training.session import Session
from translate.images.contact_sheet import contact_sheet
from translate.images.encode import encode_image
from translate.recipe import Recipe
from translate.results import TrainingPlan

MIN_SECONDS, MAX_SECONDS = 3.0, 15.0
"""time to measure steps for; longer than the minimum only if their times vary"""
AGREEMENT = 0.1
"""relative difference between the mean times of early and late steps, below which timing ends"""
WRITE_FACTOR = 4
"""time to write, sync and verify a checkpoint, relative to the time to serialize and hash it:
measured 3.4 to 4.1 for 100 and 400 MB on a local disk"""

logger = logging.getLogger(__name__)
T = TypeVar("T")


def measure_plan(session: Session) -> TrainingPlan:
    """Train at least two steps of `session` in memory, and return the cost of training.

    A checkpoint is serialized once, and a preview and an evaluation are computed once if training
    has any. Nothing is written.
    """
    training, data, steps = session.training, session.data, session.steps
    config, train = training.config, training.config.train
    device = training.device
    for warning in data.warnings:
        logger.info(warning)
    keep_freed_memory()
    threads = ThreadCount(adapt=device.type == "cpu" and not train.deterministic)
    if threads.current < threads.max_threads:
        logger.info(threads.reason())
    start = training.step
    step_seconds, gflops = _take_steps(session, device)
    checkpoint_bytes, output_seconds = _time_outputs(session, start, device)
    return TrainingPlan(
        recipe=config.recipe,
        path=session.writer.path,
        device=str(device),
        size=config.data.crop,
        batch_size=train.batch_size,
        images=image_counts(data.layout),
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
        checkpoint_mb=checkpoint_bytes / 1e6,
        seconds=output_seconds + step_seconds * (steps - start),
    )


def _time_outputs(session: Session, start: int, device: torch.device) -> tuple[int, float]:
    """Return the size of a checkpoint in bytes, and the time of all outputs after step `start`.

    Outputs are checkpoints, previews and evaluations; their time is in seconds.
    """
    training, steps, train = session.training, session.steps, session.training.config.train
    size, seconds = _time_call(lambda: serialized_bytes(training), device)
    checkpoints = _times_due(start, steps, train.save_every) + session.is_new
    total = WRITE_FACTOR * seconds * checkpoints
    with gathered_weights(training):
        if train.preview_every and distributed.is_first():
            _, seconds = _time_call(lambda: _compute_preview(session), device)
            total += seconds * _times_due(start, steps, train.preview_every)
        if session.evaluations and distributed.is_first():
            _, seconds = _time_call(session.evaluations.measure, device)
            total += seconds * (steps // train.evaluate_every - start // train.evaluate_every)
    return size, total


def _take_steps(session: Session, device: torch.device) -> tuple[float, float]:
    """Return the mean time of a step in seconds, and the GFLOPs of a step.

    The first step is a warm-up, unless there is no other.
    """
    training, start = session.training, session.training.step
    upload = Uploader(device, training.spec, channels_last=training.config.train.channels_last)
    counter, times = FlopCounter(), list[float]()
    with closing(session.batches(device)) as batches:
        while training.step < session.steps:
            if distributed.all_reduce_max(is_enough(times[1:])):
                break  # all processes end at the same step
            before = time.perf_counter()
            batch = upload(next(batches)[0])
            count_flops = counter if training.step == start else nullcontext()
            with count_flops, explained_failures(training, None):
                take_step(training, batch, session.steps)
            _synchronize(device)
            times.append(time.perf_counter() - before)
    return mean(times[1:] or times), counter.flops / 1e9


def is_enough(times: Sequence[float]) -> bool:
    """Return whether enough steps were timed, in seconds, for a reliable mean."""
    if (total := sum(times)) < MIN_SECONDS:
        return False
    middle = len(times) // 2
    early, late = times[:middle], times[-middle:]
    return total >= MAX_SECONDS or bool(
        middle and abs(sum(early) - sum(late)) <= AGREEMENT * max(sum(early), sum(late))
    )


def _compute_preview(session: Session) -> None:
    """Compute and encode a preview with the current weights, and discard it."""
    with plugin_code(session.training.recipe, "preview"):
        rows = draw_preview(session.training, fixed_batch(session))
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
    """Return the number of steps after `start` that are multiples of `every`, or the last step."""
    return steps // every - start // every + (steps % every > 0)


def _parameters(recipe: Recipe) -> dict[str, int]:
    """Return the number of parameters of each network that has any."""
    counts = {n: sum(p.numel() for p in m.parameters()) for n, m in recipe.named_children()}
    return {name: count for name, count in counts.items() if count}


class FlopCounter(TorchDispatchMode):
    """Counts the operations of matrix products and convolutions, forward and backward, in a block.

    A multiplication and an addition count as two; element-wise operations are not counted.
    `torch.utils.flop_counter.FlopCounterMode` cannot be used: its hooks on modules fail if a step
    calls `torch.autograd.grad`, as gradient penalties do.
    """

    def __init__(self) -> None:
        from torch.utils.flop_counter import flop_registry  # imports triton: a tenth of a second

        super().__init__()
        self.flops, self._count = 0, flop_registry.get

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        count = self._count(func._overloadpacket)
        if count:
            self.flops += int(count(*args, **(kwargs or {}), out_val=result))
        return result
