"""Limits of header size and memory for checkpoints from unknown sources."""

import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from translate.errors import CheckpointError

MAX_HEADER_BYTES = 8 << 20
"""size of a safetensors header; a network of 10,000 tensors needs 1 MiB"""
SLACK = 256 << 20
"""memory that a recipe may need in addition to its weights while it is constructed"""
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""what reading a header of any other form may raise"""
MIN_TENSOR_BYTES = 1 << 15
"""counted for each tensor, so that very many small tensors are refused as well"""


def check_header(path: Path) -> None:
    """Raise `CheckpointError` for a safetensors file with an implausible header.

    The library checks offsets and types, but accepts headers of any size, duplicate names, and
    dimensions larger than the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
            raise CheckpointError(f"{path} is no tensor file, or truncated.")
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_unique)
        sides = [s for n, facts in header.items() if n != "__metadata__" for s in facts["shape"]]
        longest = max(map(int, sides), default=0)
    except MALFORMED as error:
        raise CheckpointError(f"{path} has a header that is not understood: {error}.") from error
    if longest > size:
        raise CheckpointError(f"{path} claims a tensor with a side of {longest:,}.")


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result


class MemoryLimit(TorchDispatchMode):
    """Limits the memory of tensors that are created within the block to a few times `file`.

    Otherwise a configuration of a few bytes could name a network that exhausts the memory.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.left = file, SLACK + 4 * file.stat().st_size

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or PyTorch imports its compiler for it, which takes a second

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        shape = args[0] if args else None
        if isinstance(shape, (list, tuple)) and all(type(side) is int for side in shape):
            self.left -= max(4 * prod(shape), MIN_TENSOR_BYTES)  # ``empty((3, 4))`` and its like
            if self.left < 0:
                raise CheckpointError(f"{self.file} is too small for the network that it names.")
        return func(*args, **kwargs or {})
