"""The training loop: a step per batch; logs, previews, evaluations and checkpoints at intervals."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from enum import IntEnum
from typing import Any

from translate.engine.disk.records.problems import Problem
from translate.engine.loading import loader, workers
from translate.engine.loading.device import Uploader
from translate.engine.optimization.failures import explained_failures
from translate.engine.optimization.graphs.networks import graphed_networks
from translate.engine.optimization.guard import Guard
from translate.engine.optimization.schedules import initial_rates
from translate.engine.optimization.step import take_step
from translate.engine.processes import distributed
from translate.engine.processes.signals import Interrupts
from translate.engine.processes.threads import ThreadCount
from translate.engine.runs.next_command import next_command
from translate.engine.runs.problem_list import gather_problems
from translate.engine.system.memory import keep_freed_memory, memory_limit_mb
from translate.engine.training.monitoring.interval_log import IntervalLog
from translate.engine.training.monitoring.monitor import TrainingMonitor
from translate.engine.training.monitoring.preview import Previews
from translate.engine.training.saving import Saver
from translate.engine.training.session import Session
from translate.errors import TrainingError, TranslateError
from translate.progress import ProgressReporter
from translate.results import TrainingResult

logger = logging.getLogger(__name__)


class Stop(IntEnum):
    """The reason to end training; if processes differ, the largest value counts."""

    FINISHED = 0
    SIGNAL = 1
    TIME = 2
    """the time limit was reached"""
    HOOK = 3
    """a plugin's hook called `Run.stop`"""
    PLATEAU = 4
    """too many evaluations were without improvement"""

    @property
    def outcome(self) -> str:
        """``finished``, ``stopped`` or ``interrupted``, for ``run.json``, hooks and trackers."""
        outcomes = {self.FINISHED: "finished", self.HOOK: "stopped", self.PLATEAU: "stopped"}
        return outcomes.get(self, "interrupted")


class Loop:
    """Trains until the last step or a reason to stop; every process runs one loop."""

    def __init__(
        self, session: Session, progress: ProgressReporter, interrupts: Interrupts
    ) -> None:
        training, train = session.training, session.training.config.train
        self.session, self.training, self.writer = session, training, session.writer
        self.steps, self.progress, self.interrupts = session.steps, progress, interrupts
        device, selection = training.device, training.selection
        self.threads = ThreadCount(adapt=device.type == "cpu" and not train.deterministic)
        self.upload = Uploader(device, training.spec, channels_last=train.channels_last)
        self.graphs = graphed_networks(training)
        self.guard = Guard(train.guard, device)
        rates, limit = initial_rates(training.optimizers), memory_limit_mb(device)
        better = dict([selection.best_by] if selection else [])
        self.monitor = TrainingMonitor(rates, self.writer.path, self.steps, limit, better)
        self.log = IntervalLog(session, self.guard, self.threads, self.monitor, progress)
        self.previews = Previews(session, self.monitor)
        self.saver, self.evaluations = Saver(session), session.evaluations

    def run(self) -> TrainingResult:
        """Train; ``run.json`` is completed and trackers are closed however training ends."""
        keep_freed_memory()
        self.monitor.check_rates()
        with self.interrupts:
            if distributed.is_first():
                self.writer.begin(self.training, self.session.data)
            return self._result(self._train())

    def _train(self) -> Stop:
        """Train until the last step or a reason to stop, then end the record of the run."""
        outcome = "failed"
        try:
            self._report_machine_limits()
            if self.session.is_new:
                self.saver.write_checkpoint(is_first=True)
            single = distributed.world_size() == 1
            stop_requested = (lambda: self.interrupts.signal) if single else workers.never_stop
            stream = self.session.batches(self.training.device, stop_requested)
            # closed here: the garbage collector might close it in a thread that holds a lock
            with closing(stream) as batches:
                stop = self._take_steps(batches)
            outcome = stop.outcome
            if stop == Stop.PLATEAU:
                self.writer.stop(self.session.plateau, by="train.patience")
        except KeyboardInterrupt:
            outcome = "interrupted"
            raise
        finally:
            self.graphs.close()
            if distributed.is_first():
                self.writer.end(outcome)
        return stop

    def _report_machine_limits(self) -> None:
        """Log limits of this machine that slow training down."""
        data, train = self.training.config.data, self.training.config.train
        batch_size = train.batch_size // distributed.world_size()
        warning = loader.shared_memory_warning(
            self.session.data, data, seed=train.seed, batch_size=batch_size
        )
        if warning:
            logger.info(warning)
        if self.threads.current < self.threads.max_threads:
            logger.info(self.threads.reason())

    def _result(self, stop: Stop) -> TrainingResult:
        path, finished = self.writer.path, stop in (Stop.FINISHED, Stop.PLATEAU)
        selection = self.training.selection
        best = selection.best if finished and selection and selection.value is not None else ""
        signal = distributed.all_reduce_max(self.interrupts.signal) if stop == Stop.SIGNAL else 0
        layout = self.session.data.layout
        command = next_command(self.training, layout, path, best=bool(best)) if finished else ""
        return TrainingResult(
            path,
            self.training.step,
            signal=signal,
            timed_out=stop == Stop.TIME,
            reason=self.writer.run.stop_reason if stop == Stop.HOOK else "",
            plateau=self.session.plateau if stop == Stop.PLATEAU else "",
            best=best,
            listed=self.writer.problems.count,
            preview=max(path.glob("previews/step-*.png"), default=None) if finished else None,
            next_command=command,
        )

    def _take_steps(self, batches: Iterator[tuple[Any, list[Problem]]]) -> Stop:
        """Take steps until the last one or a reason to stop; return the reason."""
        training = self.training
        self.log.restart()
        while training.step < self.steps:
            before = time.perf_counter()
            try:
                batch, problems = self._next_batch(batches)
            except workers.StoppedWaitingError:  # `_next_batch` has saved a checkpoint
                self._log()
                return self._local_stop()
            wait_seconds = time.perf_counter() - before
            self.writer.problems.add_once(problems)

            if self.threads.update():
                logger.info(f"step {training.step + 1}: {self.threads.reason()}")
            with explained_failures(training, self.writer.path), self.graphs.step():
                result = take_step(training, self.upload(batch), self.steps)
            self.guard.count(result)
            self.progress.step(training.step, self.steps)
            self.log.add(result, wait_seconds)

            stop, save = self._common_stop()
            improved = self._evaluate()
            stop = stop or (Stop.PLATEAU if self.session.plateau else Stop.FINISHED)
            is_last = training.step == self.steps or bool(stop)
            hooks_ran = self._write_outputs(is_last=is_last, save=save or improved)
            if improved and self.evaluations and self.saver.step != training.step:
                self.evaluations.forget()
            if stop and training.step < self.steps:
                return stop
            if hooks_ran and training.step < self.steps and self._stopped_by_hook():
                return Stop.HOOK
        return Stop.FINISHED

    def _local_stop(self) -> Stop:
        """Return the reason to stop that this process has, or FINISHED for none."""
        if self.writer.run.stop_reason:
            return Stop.HOOK
        if self.interrupts.time_is_up:
            return Stop.TIME
        return Stop.SIGNAL if self.interrupts.signal else Stop.FINISHED

    def _common_stop(self) -> tuple[Stop, bool]:
        """Return the reason to stop and whether to save, equal on all processes."""
        save = self.interrupts.take_save_request()
        stop, any_save = divmod(distributed.all_reduce_max(2 * self._local_stop() + save), 2)
        return Stop(stop), bool(any_save)

    def _next_batch(self, batches: Iterator[Any]) -> tuple[Any, list[Problem]]:
        """Return the next batch, and the problems of all processes with files that they read.

        If a process cannot read a batch, all processes save a checkpoint and raise `TrainingError`.
        """
        failure, batch, problems = None, None, list[Problem]()
        try:
            batch, problems = next(batches)
        except TranslateError as error:
            failure = error if isinstance(error, TrainingError) else TrainingError(str(error))
        worst = distributed.all_reduce_max(2 if failure else int(bool(problems)))
        if worst == 2:  # a failure of any process
            self.saver.write_checkpoint(is_last=True)
            raise failure or TrainingError("another process cannot read its images.")
        return batch, gather_problems(problems) if worst else []

    def _evaluate(self) -> bool:
        """Evaluate if it is due; return whether the weights are the best so far."""
        self.training.metric_values = {}
        if not self.evaluations or not self.evaluations.is_due():
            return False
        improved = self.evaluations.run(self.writer.problems)
        self.log.add_evaluation(self.training.metric_values, self.evaluations.seconds)
        return improved

    def _write_outputs(self, *, is_last: bool, save: bool) -> bool:
        """Write a log line, a preview and a checkpoint, each if due; return whether any was due."""
        step, train = self.training.step, self.training.config.train
        log = step % train.log_every == 0 or is_last or bool(self.training.metric_values)
        every = train.preview_every
        preview = bool(every) and (step % every == 0 or step == self.steps)
        save = step % train.save_every == 0 or is_last or save
        if log:
            self._log()
        if preview and (path := self.previews.draw()):
            self.progress.preview(path)
        if save:
            self.saver.write_checkpoint(is_last=is_last)
        return log or preview or save

    def _stopped_by_hook(self) -> bool:
        """Return whether a hook of the first process has just stopped the run."""
        stopped = bool(distributed.all_reduce_max(bool(self.writer.run.stop_reason)))
        if stopped:
            self._log()
            if self.saver.step != self.training.step:
                self.saver.write_checkpoint(is_last=True)
        return stopped

    def _log(self) -> None:
        """Write a log line; after too many skipped turns save a checkpoint, and raise an error."""
        self.log.write()
        try:
            self.guard.check()
        except TrainingError:
            self.saver.write_checkpoint(is_last=True)
            raise
