"""Read files of weights of other programs, without running code from the files."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from translate.engine.checkpoints.untrusted import check_header
from translate.errors import CheckpointError, describe_error, message_of, printable_name
from translate.importers import ForeignWeights

PREFIXES = ("module.", "_orig_mod.")
"""prefixes that `nn.DataParallel` and `torch.compile` add to all keys"""
TORCH_SAVE_STARTS = (b"PK", b"\x80\x02")
"""first bytes of files of torch.save: a zip archive, or before PyTorch 1.6 a pickle"""
OTHER_FILES = {
    b"version https://git-lfs": "is a pointer of Git LFS, not the file itself: get it by `git lfs "
    "pull`.",
    b"<!doctype html": "is an HTML page, such as one that asks to log in or to confirm a download: "
    "open its address in a browser and download the file itself.",
    b"<html": "is an HTML page: open its address in a browser and download the file itself.",
    b"\x89hdf": "is an HDF5 file, as Keras writes them: expected a file of tensors of PyTorch.",
    b"\x1f\x8b": "is compressed by gzip: unpack it first.",
}
"""messages for files of other kinds, by their first bytes in lower case"""
EXPECTED = "a file of tensors, .pth, .pt or .safetensors"
MAX_DEPTH = 20
"""levels of nested dictionaries that are read"""


def read_weights(path: Path) -> ForeignWeights:
    """Return the tensors of a file, and its other values as metadata.

    Keys of nested dictionaries are joined by a slash, as in ``state_dict/conv.weight``.

    Raises:
        CheckpointError: The file is missing or damaged, or needs code to be run.
    """
    name = printable_name(str(path))
    if path.is_dir():
        raise CheckpointError(f"{name} is a folder: expected {EXPECTED}.")
    try:
        with path.open("rb") as file:
            start = file.read(512)
        if path.suffix == ".safetensors":
            check_header(path)
            content: Any = load_file(path)
        else:
            content = _torch_load(path, start)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CheckpointError(f"{name} cannot be read: {reason}. Expected {EXPECTED}.") from error
    except SafetensorError as error:
        raise CheckpointError(f"{name} is not a complete safetensors file: {error}.") from error
    values: dict[str, Any] = {}
    if isinstance(content, Mapping):
        _flatten(content, "", values)
    tensors = {key: value for key, value in values.items() if isinstance(value, Tensor)}
    if not tensors:
        kind = type(content).__name__
        raise CheckpointError(f"{name} holds a {kind} without a tensor: expected a state_dict.")
    for key, tensor in tensors.items():
        dense = tensor.layout is torch.strided and not (tensor.is_meta or tensor.is_quantized)
        if not dense or tensor.is_complex():
            raise CheckpointError(
                f"{name}: {printable_name(key)} is sparse, quantized, complex or without values: "
                "expected dense real numbers."
            )
    metadata = {key: value for key, value in values.items() if key not in tensors}
    return ForeignWeights(path, without_prefixes(tensors), metadata)


def _torch_load(path: Path, start: bytes) -> Any:
    """Return the content of a file of `torch.save`; `start` is its first bytes."""
    name, size = printable_name(str(path)), path.stat().st_size
    for first_bytes, message in OTHER_FILES.items():
        if start.lstrip().lower().startswith(first_bytes):
            raise CheckpointError(f"{name} {message}")
    if not size:
        raise CheckpointError(f"{name} is empty: copy or download it again.")
    if not start.startswith(TORCH_SAVE_STARTS):
        raise CheckpointError(f"{name} is not a file of torch.save: expected {EXPECTED}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the error message says enough
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a hostile file may make PyTorch raise anything
        raise CheckpointError(f"{name} {_load_problem(error, size)}") from error


def _load_problem(error: Exception, size: int) -> str:
    """Return why PyTorch could not load a file of `size` bytes, in one line."""
    text = message_of(error)
    if code := re.search(r"GLOBAL (\S+)", text):
        return (
            f"is not loaded, since it would run code of {printable_name(code[1])}: save only the "
            "state_dict, torch.save(network.state_dict(), FILE)."
        )
    if "TorchScript" in text:
        return "is a TorchScript program, not weights: expected a state_dict."
    if "EOF" in text or "central directory" in text:
        return f"is truncated at {size:,} bytes: copy or download it again."
    return f"cannot be loaded: {printable_name(describe_error(error)).removesuffix('.')}."


def _flatten(
    content: Mapping[Any, Any], prefix: str, values: dict[str, Any], depth: int = 0
) -> None:
    """Add the values of nested dictionaries to `values`, by keys joined with a slash."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            _flatten(value, f"{name}/", values, depth + 1)
        else:
            values[name] = value


def without_prefixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` with `PREFIXES` removed from their keys, if all keys have them."""
    for prefix in PREFIXES * 2:  # twice, as the prefixes may be in either order
        if all(key.startswith(prefix) for key in tensors):
            tensors = {key.removeprefix(prefix): tensor for key, tensor in tensors.items()}
    return dict(tensors)
