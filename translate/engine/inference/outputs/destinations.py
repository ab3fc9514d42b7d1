"""Where the pipeline puts the outputs that it has encoded: into a folder, or into memory."""

from collections.abc import Callable, Mapping, Sequence
from io import BufferedRandom, BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from translate.engine.inference.inputs.jobs import Job


class Outputs(Protocol):
    """Takes the encoded outputs: an `OutputManifest` writes them to a folder."""

    def write(
        self,
        work: Job,
        origin_sha256: str,
        data: bytes,
        notes: Sequence[str] = (),
        trust: Mapping[str, float] | None = None,
        trust_map: bytes | None = None,
    ) -> None:
        """Take the output `data` of an image; raises `OSError`."""

    def write_with(
        self, work: Job, origin_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> Sequence[str]:
        """Take an output that `write` writes to a file, which returns notes; raises `OSError`."""


class EncodedOutput(NamedTuple):
    """An output, and what its record says."""

    data: bytes
    input_sha256: str
    notes: Sequence[str]
    """what was lost in reading the input"""


class MemoryOutputs:
    """Keeps the outputs by the path of their input; those of `trust` are not kept."""

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
        """Keep the output `data` of an image."""
        self.outputs[work.input] = EncodedOutput(data, origin_sha256, notes)

    def write_with(
        self, work: Job, origin_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> Sequence[str]:
        """Keep an output that `write` writes to a file in memory."""
        file = BytesIO()
        notes = write(cast(Any, file))
        self.outputs[work.input] = EncodedOutput(file.getvalue(), origin_sha256, notes)
        return notes
