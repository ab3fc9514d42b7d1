"""A `Datasink` of Ray Data that writes the images of translated batches."""

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
    """Writes the images of batches: a `FolderWriter` or a `ShardWriter` of `translate.scale`."""

    problems: Path
    """file that lists the images without an output"""
    rows_per_write: int | None
    """preferred number of rows in a batch; None: any."""

    def __call__(self, batch: Columns) -> Columns:
        """Write a batch; return its columns, with errors of writing in ``error``."""


class TranslationDatasink(Datasink):
    """Writes the images of batches that `translate.scale.Translate` returns, and lists problems.

    Args:
        writer: Writes the images; `writer.problems` is the path of the list.

    Example:
        >>> translated.write_datasink(TranslationDatasink(FolderWriter("out/")))
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def write(self, blocks: Iterable[Any], ctx: Any) -> list[Problem]:  # noqa: ARG002
        """Write the images of blocks, and return the problems of the images that have no output."""
        batches = [BlockAccessor.for_block(block).to_batch_format("numpy") for block in blocks]
        batches = [batch for batch in batches if batch]
        if not batches:
            return []
        batch = {name: np.concatenate([part[name] for part in batches]) for name in batches[0]}
        return [row.problem for row in read_results(self.writer(batch)) if row.problem]

    @property
    def min_rows_per_write(self) -> int | None:
        """The number of rows that Ray combines for a call of `write`."""
        return self.writer.rows_per_write

    def on_write_complete(self, write_result: "WriteResult[list[Problem]]") -> None:
        """Write the list of the problems of all blocks."""
        problems = [problem for block in write_result.write_returns for problem in block]
        lines = "".join(f"{json.dumps(problem.record())}\n" for problem in problems)
        problems_file = self.writer.problems
        storage_of(problems_file).replace(problems_file, lines.encode())
