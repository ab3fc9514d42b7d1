"""Files of pretrained weights: their place, their content, and errors that say what to type."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pretrained_files import WEIGHTS, published_file, saved_bytes

from translate.errors import ConfigError
from translate.weights import PretrainedFile


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


def put_into_cache(data: bytes, *, digits: int = 64) -> PretrainedFile:
    """Put `data` into the cache, as a file that was published with this content."""
    file = published_file(data, digits)
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_bytes(data)
    return file


@pytest.mark.parametrize("digits", [8, 64])
def test_a_file_is_found_in_the_cache_of_pytorch(tmp_path: Path, digits: int) -> None:
    file = put_into_cache(WEIGHTS, digits=digits)
    assert file.present
    assert file.require() == tmp_path / "hub/checkpoints/taste-v1.pth"


def test_a_missing_file_is_named_with_size_licence_address_and_command(tmp_path: Path) -> None:
    file = published_file()
    assert not file.present
    with pytest.raises(ConfigError) as caught:
        file.require()
    assert str(caught.value) == (
        f"taste-v1.pth is missing from {tmp_path}/hub/checkpoints: download "
        "https://example.org/taste.pth (3 MB, MIT), then: translate weights add taste.pth"
    )


def test_tensors_are_loaded_from_the_published_file_only() -> None:
    file = put_into_cache(WEIGHTS)
    assert {name: tensor.tolist() for name, tensor in file.load().items()} == {"weight": [0, 0]}
    file.path.write_bytes(saved_bytes({"weight": torch.ones(2)}))
    with pytest.raises(ConfigError, match="is incomplete or another file"):
        file.load()


def test_an_incomplete_file_is_refused() -> None:
    file = put_into_cache(WEIGHTS)
    file.path.write_bytes(WEIGHTS[:-1])
    with pytest.raises(ConfigError, match="is incomplete or another file: its sha256 begins with"):
        file.require()


class Code:
    """An object with a pickle that calls a function."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("the file ran code",)


def test_a_file_that_runs_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="cannot be loaded"):
        put_into_cache(saved_bytes(Code())).require()
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_torchscript_is_loaded_only_if_all_digits_of_the_hash_are_known() -> None:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), buffer)
    file = replace(put_into_cache(buffer.getvalue()), torchscript=True)
    assert file.require() == file.path
    with pytest.raises(ConfigError, match="requires all digits of its sha256"):
        replace(file, sha256=file.sha256[:8]).require()


def test_the_hash_of_a_file_is_at_the_end_of_its_name_or_given() -> None:
    url = "https://x.org/y.pth"
    facts: dict[str, Any] = {"network": "n", "url": url, "megabytes": 1, "licence": "MIT"}
    assert PretrainedFile("vgg16-397923af.pth", **facts).sha256 == "397923af"
    assert PretrainedFile("vgg16-397923af.pth", **facts, sha256="ab").sha256 == "ab"
    with pytest.raises(ValueError, match="does not end with any"):
        PretrainedFile("vgg16.pth", **facts)
