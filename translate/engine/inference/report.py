"""The results of a folder: counted, listed and logged; a full disk ends the work."""

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
"""failed writes in a row, after which the disk is given up"""
ONE_OUTPUT = ("ENAMETOOLONG", "EEXIST", "EISDIR")
"""failures of one output, which say nothing about the next"""
RETRIABLE = ("memory", FAILED, UNREACHABLE)
FAILED_TRANSLATIONS = 3
"""images that a plugin fails to translate, before it succeeds with any, after which it is given
up"""
LEAST_TRUSTED = 3
"""outputs with the lowest trust that are logged"""

logger = logging.getLogger(__name__)


@dataclass
class FolderReport:
    """The outcome of the images of a folder."""

    result: InferenceResult
    manifest: OutputManifest
    processor: ImageProcessor
    failed_writes: int = 0
    """how many in a row"""
    notes: Counter[str] = field(default_factory=Counter)
    """by kind"""
    retriable: int = 0
    """problems that another run may not have: of a disk, a network or memory"""
    failures: list[str] = field(default_factory=list)
    """what a plugin's `translate` raised, image by image"""
    compared_sizes: bool = False
    """whether a large image has been mentioned"""
    trust: list[tuple[float, str]] = field(default_factory=list)
    """the lowest trust, with its output"""

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
        """Count an image, and list what is wrong with it.

        Raises `SaveError` if the disk takes no more outputs, and `PluginError` where the recipe
        translates no image.
        """
        if isinstance(result, ImageResult):
            self.result = replace(self.result, done=self.result.done + 1, begun=0.0)
            self.failed_writes = 0
            self._compare_sizes(result)
            if result.trust and "trust" in result.trust.scores:
                self.trust.append((result.trust.scores["trust"], str(result.job.output)))
                self.trust = sorted(self.trust)[:LEAST_TRUSTED]
            for note in result.notes:
                self._note(result.job.input, note)
            return
        self.result = replace(self.result, listed=self.result.listed + 1, begun=0.0)
        self._report(result)
        self.retriable += result.stage == "write" or result.reason in RETRIABLE
        failed_write = result.stage == "write" and result.reason not in ONE_OUTPUT
        self.failed_writes = self.failed_writes + 1 if failed_write else 0
        if (result.stage, result.reason) == ("translate", FAILED):
            self.failures.append(result.message)
            self._require_working_recipe(FAILED_TRANSLATIONS)
        if self.failed_writes == FAILED_WRITES:
            raise SaveError(
                f"{FAILED_WRITES} images in a row could not be written to {self.manifest.out}."
            )

    def list_again(self, notes: Iterable[Problem]) -> None:
        """List what images lost that an earlier run has translated, and logged then."""
        for note in notes:
            self._list(note)

    def note_lost_messages(self) -> None:
        """List once that messages could not be printed, which is no image's fault."""
        note_lost_messages(self.manifest)

    def end(self, *, part: bool = False) -> None:
        """Log how many notes there are; raise if not one image was translated.

        A `part` of the images may consist of images that cannot be translated.
        """
        result = self.result
        if self.trust:
            least = ", ".join(f"{output} {trust:.2f}" for trust, output in self.trust)
            logger.info(f"least trust: {least}; that of each output is in {self.manifest.done}")
        if self.notes.total() > len(self.notes):
            counts = ", ".join(f"{kind} {count}" for kind, count in sorted(self.notes.items()))
            logger.info(f"notes on what images lost are in {result.problems}: {counts}")
        if result.listed == result.requested > 0:
            self._require_working_recipe(0)
            if part and not self.retriable:
                return
            raise NothingUsableError(
                f"not one of {result.requested} images could be translated: see {result.problems}."
            )

    def _compare_sizes(self, image: ImageResult) -> None:
        """Log once that an image is much larger than in training."""
        model, (height, width) = self.processor.model, image.form.input_size
        trained = min(model.spec.size)
        any_size = model.unscaled or model.geometry.scale > 1 or self.processor.shorter
        if self.compared_sizes or any_size or min(height, width) <= 2 * trained:
            return
        self.compared_sizes = True
        logger.info(
            f"{image.job.input} has {width}x{height} pixels, over twice the {trained} that "
            f"{model.name} was trained on: --size {trained} may look better, or --scale-back, "
            "which keeps the size"
        )

    def _note(self, path: Path, note: Note) -> None:
        """List what an image lost, and log the first loss of each kind."""
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
        with suppress(OSError):  # it may be the disk's fault that nothing can be printed
            manifest.report(Problem(Path("standard output"), "print", "note", loss))
