"""Destinations of the pipeline's outputs: a folder, or memory."""

from collections.abc import Callable, Mapping, Sequence
from io import BufferedRandom, BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from translate.engine.inference.inputs.jobs import Job


class Outputs(Protocol):
    """A destination of encoded outputs, such as an `OutputManifest` of a folder."""

    def write(
        self,
        work: Job,
        origin_sha256: str,
        data: bytes,
        notes: Sequence[str] = (),
        trust: Mapping[str, float] | None = None,
        trust_map: bytes | None = None,
    ) -> None:
        """Store the encoded output of an image; raises `OSError`."""

    def write_with(
        self, work: Job, origin_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> Sequence[str]:
        """Store what `write` writes to a file, with the notes it returns; raises `OSError`."""


class EncodedOutput(NamedTuple):
    """An encoded output, and the facts of its record."""

    data: bytes
    input_sha256: str
    notes: Sequence[str]
    """information that was lost in reading the input"""


class MemoryOutputs:
    """Keeps outputs in memory, by the path of their input; trust is not kept."""

    def __init__(self) -> None:
        self.outputs: dict[Path, EncodedOutput] = {}

    def write(
        self,
        work: Job,
        origin_sha256: str,
        data: bytes,
        notes: Sequence[str] = (),
        trust: Mapping[str, float] | None = None,  # noqa: ARG002
        trust_map: bytes | None = None,  # noqa: ARG002
    ) -> None:
        self.outputs[work.input] = EncodedOutput(data, origin_sha256, notes)

    def write_with(
        self, work: Job, origin_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> Sequence[str]:
        file = BytesIO()
        notes = write(cast(Any, file))
        self.outputs[work.input] = EncodedOutput(file.getvalue(), origin_sha256, notes)
        return notes
