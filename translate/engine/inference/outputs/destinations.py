"""Where the pipeline stores outputs: in a folder, or in memory."""

from collections.abc import Callable, Mapping, Sequence
from io import BufferedRandom, BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from translate.engine.inference.inputs.jobs import Job


class EncodedOutput(NamedTuple):
    """An encoded output, and what its record contains."""

    data: bytes
    input_sha256: str
    notes: Sequence[str] = ()
    """information that was lost in reading the input"""
    trust: Mapping[str, float] | None = None
    """scores of trust; None: not measured"""
    trust_map: bytes | None = None
    """a gray PNG file that shows which pixels cannot be trusted"""


class OutputStore(Protocol):
    """Stores encoded outputs, as the `OutputManifest` of a folder does."""

    def write(self, work: Job, output: EncodedOutput) -> None:
        """Store the output of an image; raises `OSError`."""

    def write_with(
        self, work: Job, input_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> None:
        """Store the file that `write` writes, with the notes that it returns; raises `OSError`."""


class MemoryOutputs:
    """Keeps outputs in memory, by the path of their input."""

    def __init__(self) -> None:
        self.outputs: dict[Path, EncodedOutput] = {}

    def write(self, work: Job, output: EncodedOutput) -> None:
        self.outputs[work.input] = output

    def write_with(
        self, work: Job, input_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> None:
        file = BytesIO()
        notes = write(cast(Any, file))
        self.outputs[work.input] = EncodedOutput(file.getvalue(), input_sha256, notes)
