"""Train a recipe from a configuration, or go on with a run: what is made before the loop begins."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from translate.batches import ImageSpec
from translate.engine.checkpoints import contents, read, retention
from translate.engine.checkpoints.initialization import Initial
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers, schema
from translate.engine.config.diff import changed
from translate.engine.data import check, places, samples, workers
from translate.engine.disk import files, locks
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.signals import Interrupts
from translate.engine.runs.provenance import directory_of, machine_changes
from translate.engine.runs.writer import RunWriter, remove_partial_run_files
from translate.engine.system.randomness import deterministic, seed_everything
from translate.engine.training.loop import Loop
from translate.engine.training.part_check import expect_parts
from translate.engine.training.schedules import Course, rate_changes
from translate.engine.training.shape_check import expect_sides, expect_size
from translate.errors import CheckpointError, ConfigError, DataError, suggest
from translate.folders.names import short_names
from translate.progress import ProgressReporter
from translate.registry import create_recipe
from translate.results import TrainingResult


def start(
    asked: schema.Config,
    *,
    out: Path | None = None,
    init: Initial | None = None,
    watcher: ProgressReporter,
    interrupts: Interrupts | None = None,
) -> TrainingResult:
    """Train from the beginning, in the run folder `out` or a new one under ``runs/``.

    With `init`, networks begin with the weights of another run, as far as they fit.
    """
    workers.refuse_in_worker()
    device = distributed.choose_device(asked.train.device)
    with distributed.joined(device), deterministic(asked.train.deterministic):
        names = [
            name.replace("/", "-") for name in (asked.recipe, *short_names(asked.data.domains))
        ]
        usual = Path("runs") / "-".join(names)
        path = _unused(out or usual, numbered=not out)
        places.expect_root(asked.data)
        asked = _batch_for_processes(asked, watcher)
        if distributed.is_first():
            samples.ensure(asked.data, watcher.say)
        distributed.wait()
        layout = check.open_layout(asked.data)
        expect_parts(asked, layout, device)
        same = init and init.found.config.options == asked.options
        with read.allowance(init.found) if init and same else nullcontext():
            training = build(asked, layout.spec, device)
        expect_size(asked, layout)
        notes = init.load(training) if init else []
        prepared = check.check_data(layout, asked.data)
        steps = _steps(asked, len(prepared.layout))
        if distributed.is_first():
            files.claim(path)
        origin = {"init": init.facts} if init else {}
        journal = RunWriter(path, training, steps, watcher.say, origin=origin)
        for line in [*init.complaints, *notes] if init else []:
            watcher.say(line)
        with _held(path):
            return Loop(
                training, prepared, journal, steps, watcher, interrupts or Interrupts()
            ).run()


def resume(
    run: Path,
    *,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
    accept_data_change: bool = False,
    fork: bool = False,
    out: Path | None = None,
    watcher: ProgressReporter,
    interrupts: Interrupts | None = None,
) -> TrainingResult:
    """Go on with `run` from its newest whole checkpoint; what is not given comes from the run.

    `flags` and `assignments` are as `config.resolve` takes them. A `fork` goes on in a folder of
    its own, `out` or one beside the run, and may change anything that the weights still fit.
    Raises `ConfigError` for a change that makes another run of one that is not forked, `DataError`
    where the images are others than those trained on so far, unless that is accepted.
    """
    workers.refuse_in_worker()
    with retention.readable(run):
        one = (run / contents.MANIFEST).is_file()
    if one:
        raise ConfigError(f"{run} is one checkpoint: --resume {run.parent.parent} takes its run.")
    path, complaints = retention.newest(run)
    for complaint in complaints:
        watcher.say(f"{complaint} Going on from {path.name}.")
    found = read.describe(path)
    notes: list[str] = []
    asked = changed(found.config, run, flags or {}, assignments, fork=fork, say=notes.append)
    where = distributed.choose_device(asked.train.device)
    with distributed.joined(where), deterministic(asked.train.deterministic):
        asked = _batch_for_processes(asked, watcher)
        directory = directory_of(run)
        said = [*(flags or {}), *assignments]  # --data may say of another folder what was said once
        moved = any(each.partition("=")[0].strip() == "data.root" for each in said)
        located = places.locate(asked.data, directory, moved=moved)
        if located != asked.data:
            watcher.say(f"reading {' and '.join(located.domains)} in {located.root}")
        if moved:
            asked, directory = asked.model_copy(update={"data": located}), ""
        if distributed.is_first():
            samples.ensure(located, watcher.say)
        distributed.wait()
        read_as = located
        if not fork:  # what are label maps was decided when the run began
            read_as = located.model_copy(update={"labels": _labels(located, found.spec)})
        layout = check.open_layout(read_as)
        if fork:
            expect_parts(asked, layout, where)
            expect_size(asked, layout)
        with read.allowance(found):
            training = build(asked, layout.spec if fork else found.spec, where)
        prepared = check.check_data(layout, read_as)
        total = _steps(asked, len(prepared.layout))
        try:
            notes += read.restore(training, found)
        except CheckpointError as error:
            if not fork or asked.options == found.config.options:
                raise
            raise CheckpointError(
                f"{error} To start a new run with the weights that fit: --init {run} in place of "
                f"--resume {run} --fork-run."
            ) from error
        if training.step >= total:
            return _complete(run, training, fork=fork, notes=notes, watcher=watcher)
        notes += rate_changes(
            training.optimizers,
            found.description["optimizers"],
            training.step,
            Course(_steps(found.config, len(prepared.layout)), found.config.train),
            Course(total, asked.train),
        )
        for note in notes:
            watcher.say(note)
        for change in machine_changes(run, found, training):
            watcher.say(f"{change}: training goes on, but not bit for bit as it would have.")
        folder = run
        if fork:
            folder = _unused(out or run.with_name(f"{run.name}-fork"), numbered=not out)
            distributed.wait()  # until all have found the same
            if distributed.is_first():
                files.claim(folder)
        typed_in = "" if located == asked.data else directory
        origin = {"fork": {"run": str(run), "step": training.step}} if fork else {}
        journal = RunWriter(folder, training, total, watcher.say, directory=typed_in, origin=origin)
        watcher.say(f"going on with {run} from step {training.step}" + f" in {folder}" * fork)
        if change := journal.data_change(prepared):
            if not accept_data_change:
                raise DataError(
                    f"{change}. What was learnt from other images cannot be gone on with bit for "
                    "bit: bring them back, or go on all the same with --accept-data-change."
                )
            watcher.say(f"{change}: going on, but not as if nothing had happened")
        with _held(folder):
            return Loop(
                training, prepared, journal, total, watcher, interrupts or Interrupts(), fork
            ).run()


def _complete(
    run: Path,
    training: TrainingState,
    *,
    fork: bool,
    notes: Sequence[str],
    watcher: ProgressReporter,
) -> TrainingResult:
    """Say that `run` has no step left; raises `ConfigError` for a fork, which would be empty."""
    more = training.step * 2
    if fork:
        raise ConfigError(
            f"{run} is complete: {training.step} steps, and this fork would take none. Say "
            f"where it ends: translate train --resume {run} --fork-run --steps {more}, "
            "to train as long again."
        )
    with _held(run):  # its last moment may have been a kill
        if distributed.is_first():
            remove_partial_run_files(run)
    watcher.say(f"{run} is complete: {training.step} steps. --steps N with a larger N goes on.")
    if notes:
        watcher.say(f"nothing was changed: {'; '.join(note.partition(': ')[0] for note in notes)}")
    return TrainingResult(run, training.step)


def _held(run: Path) -> AbstractContextManager[None]:
    """Keep other processes from training in `run`; of several that train as one, the first does."""
    return locks.locked(run) if distributed.is_first() else nullcontext()


def build(asked: schema.Config, spec: ImageSpec, device: torch.device) -> TrainingState:
    """Make the recipe, its optimizers and the moving average, from the seed alone."""
    seed_everything(asked.train.seed)
    recipe = create_recipe({"name": asked.recipe, **asked.options}, spec=spec)
    expect_sides(asked, recipe)
    recipe.to(device).train()
    distributed.broadcast_(recipe)
    average = None
    if asked.train.ema:
        blend = get_ema_multi_avg_fn(asked.train.ema)
        average = AveragedModel(recipe, multi_avg_fn=blend)
    with plugin_code(recipe, "optimizers"):
        optimizers = recipe.optimizers()
    _expect_players(asked, optimizers)
    if asked.train.compile:
        recipe.compile()
    seed_everything(asked.train.seed + distributed.rank())
    return TrainingState(asked, spec, recipe, optimizers, average)


def _expect_players(asked: schema.Config, players: Iterable[str]) -> None:
    """Raise `ConfigError` where a setting by player names one that the recipe does not have."""
    for key in ("schedule", "clip_norm"):
        given = getattr(asked.train, key)
        for name in given if isinstance(given, Mapping) else ():
            if name not in players:
                raise ConfigError(
                    f"train.{key}: {asked.recipe} has no player {name!r}.{suggest(name, players)} "
                    f"Its players: {', '.join(sorted(players))}."
                )


def _labels(asked: schema.Data, spec: ImageSpec) -> tuple[str, ...]:
    """Return the domains that a run has read as label maps."""
    typed, known = asked.domains, spec.domains
    if len(typed) != len(known):  # two in one file or folder
        typed, known = (typed[0], typed[-1]), (spec.source, spec.target)
    named = zip(typed, known, strict=True)
    return tuple(dict.fromkeys(name for name, domain in named if domain.labels))


def _steps(asked: schema.Config, items: int) -> int:
    if asked.train.steps:
        return asked.train.steps
    if asked.train.epochs:
        return max(1, math.ceil(asked.train.epochs * items / asked.train.batch_size))
    raise ConfigError("how long? Set --steps or --epochs.")


def _batch_for_processes(asked: schema.Config, watcher: ProgressReporter) -> schema.Config:
    """Raise the batch to a multiple of the number of processes, and say so."""
    world, size = distributed.world(), asked.train.batch_size
    if size % world == 0:
        return asked
    raised = math.ceil(size / world) * world
    watcher.say(f"train.batch_size is {raised} instead of {size}, to suit {world} processes")
    return _with_train(asked, batch_size=raised)


def _with_train(asked: schema.Config, **changes: Any) -> schema.Config:
    """Return `asked` with other settings under ``train``."""
    train = {**asked.train.model_dump(), **changes}
    return layers.validate({**asked.model_dump(), "train": train})


def _unused(path: Path, *, numbered: bool) -> Path:
    """Return `path` if it holds no run; if `numbered`, the next of its name that is not there."""
    number, free = 2, path
    while numbered and free.exists():
        free, number = path.with_name(f"{path.name}-{number}"), number + 1
    # a start that was killed before its first checkpoint left nothing to go on with
    if any(retention.saved(free)) or (free / "log.jsonl").exists():
        raise ConfigError(
            f"{free} holds a run already. Go on with it by --resume {free}, "
            "or choose another folder with --out."
        )
    return free
