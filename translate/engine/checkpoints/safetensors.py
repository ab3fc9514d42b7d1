"""The safetensors format, written one tensor at a time and read by the library `safetensors`.

`safetensors.torch.save` needs a second copy of all tensors in memory, which for a large network is
more than a training step needs.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from translate.engine.checkpoints.untrusted import check_header
from translate.engine.processes.sharded_tensors import full_tensor
from translate.errors import CheckpointError

DTYPE_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def serialize(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a safetensors file: equal tensors give equal bytes on any device.

    Channels-last tensors are written in their logical order, and a tensor with several names once
    for each name. A sharded tensor is gathered while it is written: every other process must call
    `gather_all`.
    """
    ordered = _in_file_order(tensors)
    header, offset = {}, 0
    for name, tensor in ordered.items():
        dtype, shape = DTYPE_NAMES[tensor.dtype], list(tensor.shape)
        end = offset + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for tensor in ordered.values():
        flat = full_tensor(tensor.detach()).cpu().contiguous().reshape(-1)
        yield flat.view(torch.uint8).numpy().data


def gather_all(tensors: Mapping[str, Tensor]) -> None:
    """Take part in gathering sharded tensors, while another process serializes `tensors`."""
    for tensor in _in_file_order(tensors).values():
        full_tensor(tensor.detach())


def _in_file_order(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` by decreasing size of their elements, which aligns them; then by name."""
    return dict(sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])))


def map_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, memory-mapped where possible: copy those to keep.

    Raises:
        CheckpointError: The file cannot be read, or is not a valid safetensors file.
    """
    try:
        check_header(path)
        if _is_utf8(path):
            return load_file(path)
        return load(path.read_bytes())  # the library opens UTF-8 paths only
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: {error}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return copies of the tensors of a file, as `map_tensors` does."""
    return {name: tensor.clone() for name, tensor in map_tensors(path).items()}


def _is_utf8(path: Path) -> bool:
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False
