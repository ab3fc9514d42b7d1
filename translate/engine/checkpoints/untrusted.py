"""Limits for checkpoints from unknown sources: the size of headers, and memory of networks."""

import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from translate.errors import CheckpointError

MAX_HEADER_BYTES = 8 << 20
"""largest size of a safetensors header; a network of 10,000 tensors needs 1 MiB"""
EXTRA_BYTES = 256 << 20
"""memory that a recipe may need in addition to its weights while it is constructed"""
MIN_TENSOR_BYTES = 1 << 15
"""memory that is counted for a small tensor, so that very many small tensors are refused as well"""
HEADER_ERRORS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""exceptions that a header of another form may cause"""


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
        header = json.loads(text, object_pairs_hook=_dict_of_unique_names)
        header.pop("__metadata__", None)
        sides = [int(side) for tensor in header.values() for side in tensor["shape"]]
    except HEADER_ERRORS as error:
        raise CheckpointError(f"{path} has a header that is not understood: {error}.") from error
    if sides and max(sides) > size:
        raise CheckpointError(f"{path} claims a tensor with a side of {max(sides):,}.")


def _dict_of_unique_names(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result


class MemoryLimit(TorchDispatchMode):
    """Limits the memory of tensors created within the block, by the size of the weights `file`.

    Otherwise a configuration of a few bytes could name a network that exhausts the memory.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.bytes_left = file, EXTRA_BYTES + 4 * file.stat().st_size

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # with True, PyTorch imports its compiler, which takes a second

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        shape = args[0] if args else None
        if isinstance(shape, (list, tuple)) and all(type(side) is int for side in shape):
            # a function that takes a shape, such as ``empty``
            self.bytes_left -= max(4 * prod(shape), MIN_TENSOR_BYTES)
            if self.bytes_left < 0:
                raise CheckpointError(f"{self.file} is too small for the network that it names.")
        return func(*args, **kwargs or {})
