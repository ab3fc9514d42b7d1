"""Write the images of translated batches into a folder, as `translate infer` does."""

import json
import os
import platform
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from translate.engine.disk.records.problems import FAILED, Problem
from translate.engine.inference.failures import translation_problem
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.outputs.destinations import EncodedOutput
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system.locations import absolute, parse_location
from translate.scale.columns import Columns, Row, problem_columns, read_results

WRITER_THREADS = min(4, os.cpu_count() or 1)
"""number of threads that write files; they mostly wait for the disk"""


class FolderWriter:
    """Writes the images of batches that `translate.scale.Translate` returns into a folder.

    Files are written atomically. Without `overwrite`, they never replace files that other programs
    wrote. Each output has a line in ``OUT/.translate``, so that `translate infer` with the same run
    and options skips its image. A row that is repeated, such as after a worker has failed, is
    written once. Several workers may write to the same folder. Pickling keeps only the arguments.

    Args:
        out: The folder, which all workers share.
        overwrite: Replace files that other programs wrote.

    Example:
        >>> translated.map_batches(FolderWriter("out/"))
    """

    rows_per_write: int | None = None
    """preferred number of rows in a batch; None: any."""

    def __init__(self, out: str | Path, *, overwrite: bool = False) -> None:
        self.out, self.overwrite = absolute(parse_location(out)), overwrite
        self.problems = self.out / "problems.jsonl"
        self._manifests: dict[str, OutputManifest] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.out, overwrite=self.overwrite), ()

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """Write the images of a batch.

        Returns:
            The batch without the column ``bytes``, and with errors of writing in ``error``.
        """
        rows = read_results(batch)
        with DaemonThreadPool(WRITER_THREADS) as pool:
            list(pool.map(self._write, rows))
        for manifest in self._manifests.values():
            with suppress(OSError):  # without this cache, a repeated command hashes the files
                manifest.digests.write()
        return {
            **{name: column for name, column in batch.items() if name != "bytes"},
            **problem_columns(rows),
        }

    def _write(self, row: Row) -> None:
        if row.problem:
            return
        try:
            output = self.out / row.output
            if ".." in output.parts or output == self.out or not output.is_relative_to(self.out):
                message = f"the output {row.output!r} is not below {self.out}: expected a file name"
                row.problem = Problem(row.path, "write", "outside", message)
                return
            notes = [note.text for note in row.notes]
            encoded = EncodedOutput(row.result, row.input_sha256, notes)
            self._manifest(row.made_by).write(Job.of(row.path, output), encoded)
        except OSError as error:
            row.problem = translation_problem(row.path, output, (0, 0), error)
        except BaseException as error:
            reraise_interruption(error)
            row.problem = Problem(row.path, "write", FAILED, describe_unexpected(error))

    def _manifest(self, made_by: str) -> OutputManifest:
        """Return the list of outputs of a model and its options; each machine has its own file."""
        if made_by not in self._manifests:
            self._manifests[made_by] = OutputManifest(
                self.out,
                json.loads(made_by),
                overwrite=self.overwrite,
                suffix=f"-{platform.node() or 'unnamed'}",
            )
        return self._manifests[made_by]
