"""Files of tensors of other programs are read without running code; other files are refused."""

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from translate.errors import CheckpointError
from translate.exchange.foreign import read_weights

WEIGHT = torch.arange(6.0).view(2, 3)


def test_nested_dictionaries_are_joined_and_prefixes_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "G.pth"
    torch.save({"model": {"a.weight": WEIGHT}, "epoch": 3, "name": "mine"}, path)
    weights = read_weights(path)
    assert list(weights.tensors) == ["model/a.weight"]
    assert weights.metadata == {"epoch": 3, "name": "mine"}
    torch.save({"module._orig_mod.a.weight": WEIGHT, "module._orig_mod.b": WEIGHT}, path)
    assert list(read_weights(path).tensors) == ["a.weight", "b"]


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file({"a": WEIGHT}, tmp_path / "G.safetensors")
    assert torch.equal(read_weights(tmp_path / "G.safetensors").tensors["a"], WEIGHT)


class MakesAFolderWhenUnpickled:
    def __reduce__(self) -> Any:
        return os.mkdir, ("folder",)


def test_F1_a_pickle_with_code_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": WEIGHT, "b": MakesAFolderWhenUnpickled()}, tmp_path / "G.pth")
    with pytest.raises(CheckpointError, match=r"since it would run code of posix.mkdir"):
        read_weights(tmp_path / "G.pth")
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.pth", None, "cannot be read: No such file or directory"),
        ("text.pth", b"hello", "is not a file of torch.save"),
        ("short.safetensors", b"hello", "is no tensor file, or truncated"),
        ("empty.pt", b"", "is empty: copy or download it again"),
        ("page.pth", b"\n<!DOCTYPE html>\n<html><head>", "is an HTML page, such as one that asks"),
        ("keras.h5", b"\x89HDF\r\n\x1a\n", "is an HDF5 file, as Keras writes them"),
        ("packed.pth", b"\x1f\x8b\x08", "is compressed by gzip: unpack it first"),
    ],
)
def test_other_files_are_refused_in_one_line(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as error:
        read_weights(tmp_path / name)
    assert "\n" not in str(error.value)


def test_folders_truncated_files_programs_and_files_without_tensors_are_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(CheckpointError, match="is a folder: expected a file of tensors"):
        read_weights(tmp_path)
    path = tmp_path / "G.pth"
    torch.save({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match=r"is truncated at 2,000 bytes: copy or"):
        read_weights(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated
        torch.jit.script(torch.nn.ReLU()).save(path)
    with pytest.raises(CheckpointError, match="is a TorchScript program, not weights"):
        read_weights(path)
    torch.save([1, 2], path)
    with pytest.raises(CheckpointError, match="holds a list without a tensor"):
        read_weights(path)


@pytest.mark.parametrize("tensor", [WEIGHT.to_sparse(), WEIGHT + 1j, WEIGHT.to("meta")])
def test_sparse_complex_and_meta_tensors_are_refused(tensor: torch.Tensor, tmp_path: Path) -> None:
    torch.save({"a": tensor}, tmp_path / "G.pth")
    with pytest.raises(CheckpointError, match="a is sparse, quantized, complex or without values"):
        read_weights(tmp_path / "G.pth")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lfs_pointer_latest_net_G.pth", "is a pointer of Git LFS"),
        ("truncated_legacy_latest_net_G_B.pth", "is truncated at 131,072 bytes"),
        ("zero_byte_latest_net_G.pth", "is empty"),
    ],
)
def test_broken_files_of_real_repositories_are_refused(
    name: str, message: str, shared_images: Path
) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_weights(shared_images / "broken_checkpoints" / name)
