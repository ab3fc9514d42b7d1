"""Translate a folder of pictures, skip what is done, and account for every single one."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from translate.engine.disk import file_system
from translate.engine.disk.problems import FAILED, Problem
from translate.engine.inference.inputs import Inputs, assign_outputs, with_frames, with_masks
from translate.engine.inference.manifest import OutputManifest, options_record
from translate.engine.inference.model import Model
from translate.engine.inference.options import NEUTRAL, InferenceOptions
from translate.engine.inference.pipeline import ImageResult, Pipeline, PipelineResult
from translate.engine.inference.processing import ImageProcessor
from translate.engine.processes import distributed
from translate.engine.processes.launch import launched
from translate.engine.system import console
from translate.errors import ConfigError, NothingUsableError, PluginError, SaveError
from translate.folders import skipped as skipped_files
from translate.images.headers import Note
from translate.results import InferenceResult

FAILED_WRITES = 3
"""in a row, after which the disk is given up"""
NOT_THE_DISK = ("ENAMETOOLONG", "EEXIST", "EISDIR")
"""Failures of one output, which say nothing of the next."""
FAILED_PICTURES = 3
"""that a plugin could not translate, before any that it could, after which it is given up"""


def nothing(*_: object) -> None:
    """Say nothing, show nothing, never stop."""


def translate_folder(
    model: Model,
    found: Inputs,
    out: Path,
    options: InferenceOptions,
    *,
    say: Callable[[str], None] = nothing,
    progress: Callable[[InferenceResult], None] = nothing,
    stop: Callable[[], object] = nothing,
) -> InferenceResult:
    """Translate what was `found` into the same tree below `out`; what cannot be is listed there.

    Under torchrun each process takes its share. Once `stop` holds, the batch at hand is finished
    and no other begun. Raises a `TranslateError` before any work where the options do not fit or
    an output is taken, `SaveError` after three failed writes in a row, and `NothingUsableError`
    where not one picture could be translated.
    """
    to = model.choose(options.to)
    gray, channels = model.recipe.keeps_gray, model.channels(to)[1]
    jobs = assign_outputs(found, out, channels=channels, form=options.format, gray=gray)
    if options.mask:
        if not model.recipe.takes_mask:
            raise ConfigError(f"mask: {model.name} fills no holes: leave --mask out.")
        jobs = with_masks(jobs, found.root, options.mask)
    jobs = jobs[: options.limit]
    if options.frames == "all":
        jobs = with_frames(jobs)
    share = [jobs[index] for index in distributed.share(len(jobs))]
    half = model.half(options.side)
    side = None if half is None else options.side
    own = options_record(replace(options, to=to, side=side), NEUTRAL)
    made_by = {"model": model.digest, "gray": gray or None, **own}
    ledger = OutputManifest(out, made_by, overwrite=options.overwrite)
    usual = 8 if model.device.type == "cuda" else 1
    way = ImageProcessor(model, to, half, options.size, options.scale_back, options.max_pixels)
    stages = Pipeline(
        way,
        ledger,
        batch_size=options.batch_size or usual,
        keep_metadata=options.keep_metadata,
    )
    todo, skipped = ledger.split(share)
    first = launched().is_first
    lost = [Problem.of(bad, "read") for bad in found.problems if first]
    if found.skipped and first:
        say(skipped_files.describe(found.skipped))
    summary = InferenceResult(len(share) + len(lost), ledger.problems, skipped=skipped)
    account = _Account(summary, ledger, say)
    if first:
        for limit in file_system.limits(out):
            say(f"the file system of {out}: {limit}")
    work = stages.run(todo, _Remark(model, way.shorter, say), stop)
    with ledger.open(), closing(work) as results:
        account.relist(ledger.noted)
        for result in chain(lost, results):
            account.take(result)
            progress(summary)
        note_loss(ledger)
    account.sum_up()
    assert stop() or not summary.left, f"{summary.left} pictures were lost on the way"
    if summary.listed == summary.inputs > 0:
        account.expect_sound_plugin(0)
        raise NothingUsableError(
            f"not one of {summary.inputs} pictures could be translated: see {summary.problems}."
        )
    return summary


def note_loss(ledger: OutputManifest) -> None:
    """Note once that lines could not be printed, which is no picture's fault."""
    if loss := console.take_loss():
        with suppress(OSError):  # it may be the disk's fault that nothing can be printed
            ledger.report(Problem(Path("standard output"), "print", "note", loss))


@dataclass
class _Account:
    """Count what becomes of pictures; list what is wrong with them; give up a full disk."""

    summary: InferenceResult
    ledger: OutputManifest
    say: Callable[[str], None]
    unwritten: int = 0
    """how many in a row"""
    notes: Counter[str] = field(default_factory=Counter)
    """by kind"""
    failures: list[str] = field(default_factory=list)
    """what a plugin's `translate` raised, picture by picture"""

    def take(self, result: PipelineResult) -> None:
        if isinstance(result, Problem):
            self.summary.listed += 1
            self._report(result)
            failed = result.stage == "write" and result.reason not in NOT_THE_DISK
            self.unwritten = self.unwritten + 1 if failed else 0
            if (result.stage, result.reason) == ("translate", FAILED):
                self.failures.append(result.message)
                self.expect_sound_plugin(FAILED_PICTURES)
        else:
            self.summary.done += 1
            self.unwritten = 0
            for note in result.notes:
                self._note(result.job.input, note)
        if self.unwritten == FAILED_WRITES:
            raise SaveError(
                f"{FAILED_WRITES} pictures in a row could not be written to {self.ledger.out}."
            )

    def relist(self, notes: Iterable[Problem]) -> None:
        """List what images lost that an earlier run has translated, and said then."""
        for note in notes:
            self._list(note)

    def _note(self, path: Path, note: Note) -> None:
        """List what an image lost, and say the first loss of each kind."""
        self.notes[note.kind] += 1
        problem = Problem(path, "read", "note", note.text)
        if self.notes[note.kind] == 1:
            self._report(problem)
        else:
            self._list(problem)

    def sum_up(self) -> None:
        """Say how many notes there are, where not all were said."""
        if self.notes.total() > len(self.notes):
            counts = ", ".join(f"{kind} {count}" for kind, count in sorted(self.notes.items()))
            self.say(f"notes on what images lost are in {self.ledger.problems}: {counts}")

    def expect_sound_plugin(self, count: int) -> None:
        """Raise `PluginError` where over `count` pictures failed in it, and none succeeded."""
        if self.failures and len(self.failures) >= count and not self.summary.done:
            raise PluginError(self.failures[0])

    def _report(self, problem: Problem) -> None:
        self.say(f"{problem.path}: {problem.message}")
        self._list(problem)

    def _list(self, problem: Problem) -> None:
        try:
            self.ledger.report(problem)
        except OSError as error:
            self.say(f"could not write {self.ledger.problems}: {error.strerror}")


@dataclass
class _Remark:
    """Say once that an image is much larger than in training."""

    model: Model
    size: int | None
    say: Callable[[str], None]
    said: bool = False

    def __call__(self, picture: ImageResult) -> None:
        (height, width), trained = picture.prepared.pixels.shape[:2], min(self.model.spec.size)
        usual = self.model.unscaled or self.model.recipe.scale > 1  # large pictures are
        if self.said or self.size or usual or min(height, width) <= 2 * trained:
            return
        self.said = True
        self.say(
            f"{picture.job.input} has {width}x{height} pixels, over twice the {trained} that "
            f"{self.model.name} was trained on: --size {trained} may look better, or --scale-back, "
            "which keeps the size"
        )
