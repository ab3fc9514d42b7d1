"""The loop: a step a batch, and what is logged, drawn and saved in between."""

import json
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate.engine.checkpoints import retention, write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config.yaml import read
from translate.engine.data import check, loader, workers
from translate.engine.disk.problems import FAILED, Problem
from translate.engine.plugins.errors import plugin_code, unforeseen
from translate.engine.processes import distributed
from translate.engine.processes.signals import SAVE, SIGNAL, STOP, TIME, Interrupts
from translate.engine.processes.threads import ThreadCount
from translate.engine.runs.next_command import next_command
from translate.engine.runs.writer import RunWriter
from translate.engine.system.bundled import configs
from translate.engine.system.memory import keep_freed_memory, out_of_memory, too_small
from translate.engine.training.batch import batch_to_device
from translate.engine.training.monitor import Symptoms
from translate.engine.training.preview import draw_preview
from translate.engine.training.step import Guard, StepResult, take_step
from translate.errors import ConfigError, PluginError, SaveError, TrainingError, TranslateError
from translate.progress import ProgressReport, ProgressReporter, duration
from translate.results import TrainingResult

PREVIEWED = 4
"""images in a row of a preview"""
DAY = 24 * 3600
NAMED = 4
"""images of a batch that are named"""
TIMED = 3
"""steps after which the time to the end is estimated for the first time"""


@dataclass
class Loop:
    """Takes steps until the last one, a signal or a guard; every process runs one."""

    training: TrainingState
    prepared: check.CheckedData
    journal: RunWriter
    steps: int
    watcher: ProgressReporter
    interrupts: Interrupts = field(default_factory=Interrupts)
    fork: bool = False
    """whether the folder is new, though training does not begin: it is to hold a checkpoint"""
    recent: list[StepResult] = field(default_factory=list)
    waited: float = 0.0
    listed: set[Problem] = field(default_factory=set)
    saved: int = -1
    """step of the newest checkpoint of this session"""
    told: int = 0
    """turns that moved nothing, of which the log has told"""

    def run(self) -> TrainingResult:
        training, train = self.training, self.training.config.train
        self.begins = training.step == 0 or self.fork
        keep_freed_memory()
        self.device = next(training.recipe.parameters()).device
        self.guard = Guard(train.guard, self.device)
        on_cpu = self.device.type == "cpu"
        self.threads = ThreadCount(adapt=on_cpu and not train.deterministic)
        self.symptoms = Symptoms(self.watcher.say)
        self.symptoms.see_rates(
            {
                n: o.param_groups[0].get("initial_lr", o.param_groups[0]["lr"])
                for n, o in training.optimizers.items()
            }
        )
        if distributed.is_first():
            self.journal.begin(training, self.prepared)
        if remark := loader.shared_memory_remark(
            self.prepared,
            self.training.config.data,
            seed=train.seed,
            batch_size=train.batch_size // distributed.world(),
        ):
            self.watcher.say(remark)
        if self.threads.current < self.threads.most:
            self.watcher.say(self.threads.reason())
        outcome, wish = "failed", 0
        try:
            if self.begins:
                self._save()
            # closed here: the garbage collector would, in any thread, with any lock held
            self.begins = False
            self.samples = self._samples() if train.preview_every else None
            with self.interrupts, closing(self._batches()) as batches:
                wish = self._steps(batches)
            outcome = {0: "finished", STOP: "stopped"}.get(wish, "interrupted")
        except KeyboardInterrupt:
            outcome = "interrupted"
            raise
        finally:
            if distributed.is_first():
                self.journal.end(outcome)
        path, previews = self.journal.path, self.journal.path.glob("previews/step-*.png")
        ended = outcome == "finished"
        return TrainingResult(
            path,
            training.step,
            signal=wish - SIGNAL if SIGNAL < wish < TIME else 0,
            late=wish == TIME,
            reason=self.journal.run.stop_reason if wish == STOP else "",
            listed=self.journal.listed,
            preview=max(previews, default=None) if ended else None,
            next_command=next_command(training, self.prepared.layout, path) if ended else "",
        )

    def _batches(self) -> Generator[tuple[Any, list[Problem]]]:
        settings = self.training.config
        return loader.batches(
            self.prepared,
            settings.data,
            seed=settings.train.seed,
            batch_size=settings.train.batch_size,
            start=self.training.step,
            stop=self.steps,
            rank=distributed.rank(),
            world=distributed.world(),
            pin=self.device.type == "cuda",
            asked_to_stop=self._is_interrupted if distributed.world() == 1 else workers.never,
        )

    def _is_interrupted(self) -> int:
        return self.interrupts.caught

    def _steps(self, batches: Iterator[tuple[Any, list[Problem]]]) -> int:
        """Take all steps, or those before a wish to stop, which is returned."""
        training = self.training
        self.since, self.first = time.perf_counter(), training.step
        while training.step < self.steps:
            asked_at = time.perf_counter()
            try:
                batch, problems = self._next(batches)
            except workers.StoppedWaitingError:  # it has saved
                if self.recent:
                    self._log()
                return self.interrupts.wish()
            self.waited += time.perf_counter() - asked_at
            self._list(problems)

            if self.threads.update():
                self.watcher.say(f"step {training.step + 1}: {self.threads.reason()}")
            with self._explained():
                played = take_step(training, batch_to_device(batch, self.device), self.steps)
            self.guard.see(played)
            self.recent.append(played)
            self.watcher.step(training.step, self.steps)
            if len(self.recent) == TIMED == training.step - self.first:
                self._estimate()

            stopping = STOP if self.journal.run.stop_reason else 0
            wish = distributed.most(max(self.interrupts.wish(), stopping))
            stop = wish not in (0, SAVE)
            hooks_ran = self._look(last=training.step == self.steps or stop, save=wish == SAVE)
            if stop and training.step < self.steps:
                return wish
            if hooks_ran and training.step < self.steps and self._stopped():
                return STOP
        return 0

    def _next(self, batches: Iterator[Any]) -> tuple[Any, list[Problem]]:
        """Return the next batch, and what all processes met on the way to theirs.

        Where one of them has none, save before all stop.
        """
        failure, batch, problems = None, None, list[Problem]()
        try:
            batch, problems = next(batches)
        except TranslateError as error:
            failure = error if isinstance(error, TrainingError) else TrainingError(str(error))
        worst = distributed.most(2 if failure else min(1, len(problems)))
        if worst == 2:
            self._save(last=True)
            raise failure or TrainingError("another process cannot read its images.")
        return batch, self._from_all(problems) if worst else []

    def _from_all(self, problems: list[Problem]) -> list[Problem]:
        """Return the problems of every process, on the first."""
        told = distributed.gather(json.dumps([p.record() for p in problems]).encode())
        return [
            Problem(**{**record, "path": Path(record["path"])})
            for data in told
            for record in json.loads(data)
        ]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what to try where memory does not suffice, or an image becomes too small on its way.

        What the step has moved is given up.
        """
        try:
            yield
        except PluginError as error:
            raise TrainingError(
                f"step {self.training.step + 1}: {error} What was saved is whole; once the plugin "
                f"is mended: --resume {self.journal.path}"
            ) from error.__cause__
        except (MemoryError, RuntimeError, ValueError) as error:
            settings, (height, width) = self.training.config, self.training.config.data.crop
            size, step = settings.train.batch_size, self.training.step + 1
            if out_of_memory(error):
                smaller = f"--size {height // 2}x{width // 2}"
                less = f"--batch-size {size // 2}" if size > 1 else smaller
                raise TrainingError(
                    f"step {step}: there is not enough memory for batches of {size} with crops of "
                    f"{height}x{width}. Try {less}; what was saved can be gone on with: "
                    f"--resume {self.journal.path} --fork-run {less}."
                ) from error
            if not (short := too_small(error)):
                raise
            larger = f"--size {height * 2}x{width * 2}"
            more = f"--batch-size {size * 2}" if short == "batch_size" else larger
            raise ConfigError(
                f"step {step}: batches of {size} with crops of {height}x{width} are too small for "
                f"a network of {settings.recipe}: {str(error).splitlines()[0]}. Try {more}."
            ) from error

    def _look(self, *, last: bool, save: bool) -> bool:
        """Do what is due after a step, log, draw and save; return whether anything was."""
        step, train = self.training.step, self.training.config.train
        log = step % train.log_every == 0 or last
        draw = self.samples is not None and (step % train.preview_every == 0 or step == self.steps)
        save = step % train.save_every == 0 or last or save
        if log:
            self._log()
        if draw:
            self._preview()
        if save:
            self._save(last=last)
        return log or draw or save

    def _stopped(self) -> bool:
        """Return whether a hook of the first process has just stopped the run, which is saved."""
        stopped = distributed.most(bool(self.journal.run.stop_reason))
        if stopped:
            if self.recent:
                self._log()
            if self.saved != self.training.step:
                self._save(last=True)
        return bool(stopped)

    def _log(self) -> None:
        step, train = self.training.step, self.training.config.train
        count = len(self.recent)
        losses = _means([played.losses for played in self.recent])
        norms = _means([played.norms for played in self.recent])
        seconds = time.perf_counter() - self.since
        rate = count * train.batch_size / seconds
        wait = self.waited / seconds
        left = (self.steps - step) * seconds / count
        skipped = self._skipped()
        if distributed.is_first():
            self.journal.log(
                {
                    "step": step,
                    "epoch": round(step * train.batch_size / len(self.prepared.layout), 4),
                    "losses": losses,
                    "lr": {n: o.param_groups[0]["lr"] for n, o in self.training.optimizers.items()},
                    "grad_norm": norms,
                    "images_per_second": round(rate, 3),
                    "data_wait": round(wait, 4),
                    "memory_mb": _peak_memory(),
                    "threads": self.threads.current,
                    "skipped": int(self.guard.total),
                    **({"skipped_files": skipped} if skipped else {}),
                }
            )
            if not self.symptoms.first:
                self.symptoms.first = _means([self.recent[0].losses])
            self.symptoms.see_losses(step, count, losses)
            self.watcher.progress(ProgressReport(step, self.steps, losses, rate, wait, left))
        self.recent.clear()
        self.waited, self.since = 0.0, time.perf_counter()
        try:
            self.guard.check()
        except TrainingError:
            self._save(last=True)
            raise

    def _skipped(self) -> dict[str, list[str]]:
        """Return the files of each recent step in which a turn moved nothing, and say the first."""
        if int(self.guard.total) == self.told:
            return {}
        train, first = self.training.config.train, self.told == 0
        self.told = int(self.guard.total)
        found, begin = {}, self.training.step - len(self.recent)
        for step, played in enumerate(self.recent, start=begin):
            players = [name for name, turns in played.skipped.items() if any(map(bool, turns))]
            if players:
                files = loader.picked(
                    self.prepared, seed=train.seed, batch_size=train.batch_size, step=step
                )
                found[str(step + 1)] = [str(file) for file in files]
                if first:
                    named = ", ".join(found[str(step + 1)][:NAMED]) or "see the data"
                    self.watcher.say(
                        f"step {step + 1}: a loss or gradient of {' and '.join(players)} was not "
                        f"finite, and moved nothing. The images: {named}"
                    )
                    first = False
        return found

    def _estimate(self) -> None:
        """Say how long it will be, where that is long; name what the recipe offers to a CPU."""
        seconds = (time.perf_counter() - self.since) / TIMED
        left = (self.steps - self.training.step) * seconds
        if seconds * self.training.config.train.log_every > 60:
            self.watcher.say(f"{seconds:.1f} s a step, {duration(left)} left")
        if left < DAY or self.device.type != "cpu":
            return
        recipe = self.training.config.recipe
        small = [n for n in configs() if n.endswith("-small") and read(n).get("recipe") == recipe]
        if small:
            named = " or ".join(f"--config {name}" for name in small)
            self.watcher.say(f"That is long. For a CPU there is {named}.")

    def _save(self, *, last: bool = False) -> None:
        training = self.training
        broken = [n for n, t in training.recipe.state_dict().items() if not _is_finite(t)]
        if broken:
            raise TrainingError(
                f"step {training.step}: {broken[0]} is not finite any more, so nothing was saved; "
                "the checkpoint before is intact."
            )
        try:
            path = self._write()
        except SaveError as error:
            if last or self.begins:
                raise
            kept = next((f"step {step}" for step, _ in retention.saved(self.journal.path)), "none")
            again = training.step + training.config.train.save_every
            self.watcher.say(f"{error}; {kept} is intact; trying again at {min(again, self.steps)}")
        else:
            self.saved = training.step
            if distributed.is_first():
                self.journal.tell("checkpoint_saved", step=training.step, path=path)

    def _write(self) -> Path:
        """Write a checkpoint; what a plugin raises meanwhile stops a run that has begun."""
        step = self.training.step
        try:
            return write.write_checkpoint(self.journal.path, self.training)
        except MemoryError as error:
            raise SaveError(f"could not save step {step}: not enough memory") from error
        except PluginError as error:
            if self.begins:
                raise
            raise TrainingError(
                f"step {step}: {error} What was saved before is whole; once the plugin is mended: "
                f"--resume {self.journal.path}"
            ) from error.__cause__

    def _samples(self) -> Any:
        """Return the fixed batch of previews: the first images, cropped as training crops them."""
        settings = self.training.config.data.model_copy(update={"workers": 0})
        seed = self.training.config.train.seed
        [(batch, _)] = loader.batches(
            self.prepared, settings, seed=seed, batch_size=PREVIEWED, start=0, stop=1
        )
        return batch_to_device(batch, self.device)

    def _preview(self) -> None:
        if not distributed.is_first():
            return
        try:
            with plugin_code(self.training.recipe, "preview"):
                rows = draw_preview(self.training, self.samples)
                if rows:
                    self.journal.preview(self.training.step, rows)
                if len(self.prepared.layout) > 1:  # one image, seen four times, is no collapse
                    self.symptoms.see_rows(self.training.step, rows)
        except Exception as error:
            said = str(error) if isinstance(error, TranslateError) else unforeseen(error)
            self._list([Problem(Path("previews"), "preview", FAILED, said)])

    def _list(self, problems: list[Problem]) -> None:
        for problem in problems:
            if problem not in self.listed:  # as another process may have met it, too
                self.listed.add(problem)
                self.journal.problem(problem)


def _means(records: list[dict[str, Tensor]]) -> dict[str, float]:
    names = dict.fromkeys(name for record in records for name in record)
    return {
        name: float(torch.stack([r[name].float() for r in records if name in r]).nanmean())
        for name in names
    }


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())


def _peak_memory() -> int:
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated() >> 20
    try:
        import resource
    except ImportError:  # there is none on Windows
        return 0
    unit = 20 if sys.platform == "darwin" else 10  # bytes there, and kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> unit
