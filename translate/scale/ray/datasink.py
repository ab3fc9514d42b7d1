"""A `Datasink` of Ray Data that writes translated rows."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from ray.data import Datasink
from ray.data.block import BlockAccessor
from ray.data.datasource import WriteResult

from translate.engine.disk.records.problems import Problem
from translate.engine.storage.lookup import storage_of
from translate.scale.columns import Columns, read_results


class Writer(Protocol):
    """Writes batches: a `translate.scale.folder.FolderWriter`, or a `ShardWriter`."""

    problems: Path
    """The file that lists images without an output."""
    rows: int | None
    """Preferred number of rows in a batch; None: any."""

    def __call__(self, batch: Columns) -> Columns:
        """Write a batch, and return it with write errors in ``error``."""


class TranslationDatasink(Datasink):
    """Writes the rows that `translate.scale.Translate` returns, and lists their problems.

    Args:
        writer: Writes batches.

    Example:
        >>> translated.write_datasink(TranslationDatasink(FolderWriter("out/")))
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def write(self, blocks: Iterable[Any], ctx: Any) -> list[Problem]:  # noqa: ARG002
        """Write blocks, and return the problems of their rows."""
        batches = [BlockAccessor.for_block(block).to_batch_format("numpy") for block in blocks]
        batches = [batch for batch in batches if batch]
        if not batches:
            return []
        batch = {name: np.concatenate([each[name] for each in batches]) for name in batches[0]}
        return [row.problem for row in read_results(self.writer(batch)) if row.problem]

    @property
    def min_rows_per_write(self) -> int | None:
        """The number of rows that Ray combines for a call of `write`."""
        return self.writer.rows

    def on_write_complete(self, write_result: "WriteResult[list[Problem]]") -> None:
        """Write the problems of all blocks to the list."""
        problems = [problem for each in write_result.write_returns for problem in each]
        lines = "".join(f"{json.dumps(problem.record())}\n" for problem in problems)
        problems_file = self.writer.problems
        storage_of(problems_file).replace(problems_file, lines.encode())
