"""Counts, lists and logs the results of a folder; raises if the disk is full or a recipe fails."""

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
"""number of failures in the recipe before the first success, after which to stop"""
LEAST_TRUSTED = 3
"""number of outputs with the lowest trust to log"""

logger = logging.getLogger(__name__)


@dataclass
class FolderReport:
    """Counts the results of the images of a folder, and lists their problems and notes."""

    result: InferenceResult
    manifest: OutputManifest
    processor: ImageProcessor
    failed_writes: int = 0
    """number of consecutive failed writes"""
    note_counts: Counter[str] = field(default_factory=Counter)
    """number of notes on lost information, by kind"""
    has_retriable: bool = False
    """whether another run may avoid a problem: of a disk, a network or memory"""
    recipe_errors: list[str] = field(default_factory=list)
    """messages of exceptions in the recipe's `translate`"""
    has_advised_size: bool = False
    """whether a message on large images has been logged"""
    lowest_trust: list[tuple[float, str]] = field(default_factory=list)
    """the lowest values of trust, with their outputs"""

    def describe_folder(self, skipped: Sequence[Path]) -> None:
        """Log which files are skipped, how tiles change outputs, and limits of the file system."""
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
            self._advise_size(result)
            if result.trust and "trust" in result.trust.scores:
                self.lowest_trust.append((result.trust.scores["trust"], str(result.job.output)))
                self.lowest_trust = sorted(self.lowest_trust)[:LEAST_TRUSTED]
            for note in result.notes:
                self._add_note(result.job.input, note)
            return
        self.result = replace(self.result, listed=self.result.listed + 1, current_fraction=0.0)
        self._log_and_list(result)
        self.has_retriable |= result.stage == "write" or result.reason in RETRIABLE
        failed_write = result.stage == "write" and result.reason not in ONE_OUTPUT
        self.failed_writes = self.failed_writes + 1 if failed_write else 0
        if (result.stage, result.reason) == ("translate", FAILED):
            self.recipe_errors.append(result.message)
            self._require_working_recipe(FAILED_TRANSLATIONS)
        if self.failed_writes == FAILED_WRITES:
            raise SaveError(
                f"{FAILED_WRITES} images in a row could not be written to {self.manifest.out}: "
                f"{result.message}. Mend that, and repeat the command: outputs so far are kept."
            )

    def list_earlier(self, notes: Iterable[Problem]) -> None:
        """List notes on outputs of earlier runs, without logging them."""
        for note in notes:
            self._list(note)

    def end(self, *, is_shard: bool = False) -> None:
        """Log the lowest trust and the numbers of notes; raise if no image could be translated.

        A shard may consist of images that no run can translate; this is not an error.
        """
        result = self.result
        if self.lowest_trust:
            least = ", ".join(f"{output} {trust:.2f}" for trust, output in self.lowest_trust)
            logger.info(f"lowest trust: {least}; all values are in {self.manifest.done}")
        if self.note_counts.total() > len(self.note_counts):
            counts = ", ".join(f"{kind} {n}" for kind, n in sorted(self.note_counts.items()))
            logger.info(f"notes on lost information are in {result.problems}: {counts}")
        if result.listed == result.requested > 0:
            self._require_working_recipe(0)
            if is_shard and not self.has_retriable:
                return
            raise NothingUsableError(
                f"not one of {result.requested} images could be translated: see {result.problems}."
            )

    def _advise_size(self, image: ImageResult) -> None:
        """Advise options, once, if an image is much larger than the training crops."""
        model, (height, width) = self.processor.model, image.input_size
        side = min(model.spec.size)
        any_size = model.unscaled or model.geometry.scale > 1 or self.processor.shorter_side
        if self.has_advised_size or any_size or min(height, width) <= 2 * side:
            return
        self.has_advised_size = True
        logger.info(
            f"{image.job.input} has {width}x{height} pixels, over twice the {side} of the "
            f"training crops of {model.name}: --size {side} may look better, or --scale-back, "
            "which keeps the size"
        )

    def _add_note(self, path: Path, note: Note) -> None:
        """List a note on an image, and log the first note of each kind."""
        self.note_counts[note.kind] += 1
        add = self._log_and_list if self.note_counts[note.kind] == 1 else self._list
        add(Problem(path, "read", "note", note.text))

    def _require_working_recipe(self, count: int) -> None:
        """Raise `PluginError` if the recipe failed for `count` images, and succeeded for none."""
        if self.recipe_errors and len(self.recipe_errors) >= count and not self.result.done:
            raise PluginError(self.recipe_errors[0])

    def _log_and_list(self, problem: Problem) -> None:
        logger.info(f"{problem.path}: {problem.message}")
        self._list(problem)

    def _list(self, problem: Problem) -> None:
        try:
            self.manifest.add_problem(problem)
        except OSError as error:
            logger.info(f"could not write {self.manifest.problems}: {error.strerror}")


def note_lost_messages(manifest: OutputManifest) -> None:
    """List as a problem, once, that messages could not be printed."""
    if loss := console.take_loss():
        with suppress(OSError):  # the disk may be why messages could not be printed
            manifest.add_problem(Problem(Path("standard output"), "print", "note", loss))
