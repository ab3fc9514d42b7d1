"""Counts, lists and logs the results of a folder; stops if the disk is full or a recipe broken."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from translate.engine.disk.records.problems import FAILED, UNREACHABLE, Problem
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.pipeline import ImageResult, PipelineResult
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.processes.launch import read_launch
from translate.engine.system import console
from translate.errors import NothingUsableError, PluginError, SaveError
from translate.folders import skipped as skipped_files
from translate.formats import Note
from translate.results import InferenceResult

FAILED_WRITES = 3
"""number of consecutive failed writes after which to stop"""
ONE_OUTPUT = ("ENAMETOOLONG", "EEXIST", "EISDIR")
"""errors of a write that do not affect the next output"""
RETRIABLE = ("memory", FAILED, UNREACHABLE)
"""reasons of problems that another run may not have"""
FAILED_TRANSLATIONS = 3
"""number of images that a recipe may fail to translate before the first success"""
LEAST_TRUSTED = 3
"""number of outputs with the lowest trust to log"""

logger = logging.getLogger(__name__)


@dataclass
class FolderReport:
    """The outcome of the images of a folder."""

    result: InferenceResult
    manifest: OutputManifest
    processor: ImageProcessor
    failed_writes: int = 0
    """number of consecutive failures"""
    notes: Counter[str] = field(default_factory=Counter)
    """number of notes by kind"""
    retriable: int = 0
    """number of problems that another run may not have: of a disk, a network or memory"""
    failures: list[str] = field(default_factory=list)
    """messages of exceptions in the recipe's `translate`"""
    compared_sizes: bool = False
    """whether a note on large images has been logged"""
    trust: list[tuple[float, str]] = field(default_factory=list)
    """the lowest values of trust, with their outputs"""

    def describe_folder(self, skipped: Sequence[Path]) -> None:
        """Log which files were skipped, and what the file system of the output cannot do."""
        if not read_launch().is_first:
            return
        if skipped:
            logger.info(skipped_files.describe(skipped))
        tiler = self.processor.tiler
        if tiler and (text := tiler.describe()):
            logger.info(text)
        for limit in self.manifest.storage.limits(self.manifest.out):
            logger.info(f"the file system of {self.manifest.out}: {limit}")

    def add(self, result: PipelineResult) -> None:
        """Count an image, and list its problem or notes.

        Raises `SaveError` after `FAILED_WRITES`, and `PluginError` after `FAILED_TRANSLATIONS`.
        """
        if isinstance(result, ImageResult):
            self.result = replace(self.result, done=self.result.done + 1, current_fraction=0.0)
            self.failed_writes = 0
            self._compare_sizes(result)
            if result.trust and "trust" in result.trust.scores:
                self.trust.append((result.trust.scores["trust"], str(result.job.output)))
                self.trust = sorted(self.trust)[:LEAST_TRUSTED]
            for note in result.notes:
                self._note(result.job.input, note)
            return
        self.result = replace(self.result, listed=self.result.listed + 1, current_fraction=0.0)
        self._report(result)
        self.retriable += result.stage == "write" or result.reason in RETRIABLE
        failed_write = result.stage == "write" and result.reason not in ONE_OUTPUT
        self.failed_writes = self.failed_writes + 1 if failed_write else 0
        if (result.stage, result.reason) == ("translate", FAILED):
            self.failures.append(result.message)
            self._require_working_recipe(FAILED_TRANSLATIONS)
        if self.failed_writes == FAILED_WRITES:
            raise SaveError(
                f"{FAILED_WRITES} images in a row could not be written to {self.manifest.out}: "
                f"{result.message}. Mend that, and repeat the command: outputs so far are kept."
            )

    def list_again(self, notes: Iterable[Problem]) -> None:
        """List notes of outputs of earlier runs, without logging them."""
        for note in notes:
            self._list(note)

    def end(self, *, part: bool = False) -> None:
        """Log the lowest trust and the number of notes; raise if no image was translated.

        Of a `part` of the images, all may be impossible to translate.
        """
        result = self.result
        if self.trust:
            least = ", ".join(f"{output} {trust:.2f}" for trust, output in self.trust)
            logger.info(f"lowest trust: {least}; all values are in {self.manifest.done}")
        if self.notes.total() > len(self.notes):
            counts = ", ".join(f"{kind} {count}" for kind, count in sorted(self.notes.items()))
            logger.info(f"notes on lost information are in {result.problems}: {counts}")
        if result.listed == result.requested > 0:
            self._require_working_recipe(0)
            if part and not self.retriable:
                return
            raise NothingUsableError(
                f"not one of {result.requested} images could be translated: see {result.problems}."
            )

    def _compare_sizes(self, image: ImageResult) -> None:
        """Log once that an image is much larger than the training crops."""
        model, (height, width) = self.processor.model, image.input_size
        trained = min(model.spec.size)
        any_size = model.unscaled or model.geometry.scale > 1 or self.processor.shorter
        if self.compared_sizes or any_size or min(height, width) <= 2 * trained:
            return
        self.compared_sizes = True
        logger.info(
            f"{image.job.input} has {width}x{height} pixels, over twice the {trained} of the "
            f"training crops of {model.name}: --size {trained} may look better, or --scale-back, "
            "which keeps the size"
        )

    def _note(self, path: Path, note: Note) -> None:
        """List a note of an image, and log the first of each kind."""
        self.notes[note.kind] += 1
        problem = Problem(path, "read", "note", note.text)
        if self.notes[note.kind] == 1:
            self._report(problem)
        else:
            self._list(problem)

    def _require_working_recipe(self, count: int) -> None:
        """Raise `PluginError` if at least `count` images failed in it, and none succeeded."""
        if self.failures and len(self.failures) >= count and not self.result.done:
            raise PluginError(self.failures[0])

    def _report(self, problem: Problem) -> None:
        logger.info(f"{problem.path}: {problem.message}")
        self._list(problem)

    def _list(self, problem: Problem) -> None:
        try:
            self.manifest.report(problem)
        except OSError as error:
            logger.info(f"could not write {self.manifest.problems}: {error.strerror}")


def note_lost_messages(manifest: OutputManifest) -> None:
    """List in `manifest` once that messages could not be printed."""
    if loss := console.take_loss():
        with suppress(OSError):  # the disk may be why messages could not be printed
            manifest.report(Problem(Path("standard output"), "print", "note", loss))
