"""Exported files and folders have the suffix of their exporter, and are read back as written."""

from pathlib import Path

import pytest

from translate.engine.exports.torch_free import files
from translate.errors import ConfigError, SaveError


@pytest.mark.parametrize(
    ("name", "exporter"),
    [("a.onnx", "onnx"), ("a.pt2", "torch-export"), ("a_openvino", "openvino"), (".onnx", None)],
)
def test_the_suffix_chooses_the_exporter(name: str, exporter: str | None) -> None:
    chosen = files.exporter_of(Path(name))
    assert (chosen[0] if chosen else None) == exporter


def test_another_suffix_is_refused_with_the_known_suffixes() -> None:
    with pytest.raises(ConfigError, match=r"no exporter writes .xyz.* ends with .*\.onnx \(onnx\)"):
        files.require_exporter(Path("model.xyz"))


def test_a_run_with_the_suffix_of_an_exporter_is_still_a_run(tmp_path: Path) -> None:
    (tmp_path / "run_openvino/checkpoints").mkdir(parents=True)
    (tmp_path / "model_openvino").mkdir()
    assert not files.is_exported(tmp_path / "run_openvino")
    assert files.is_exported(tmp_path / "model_openvino")
    assert not files.is_exported(tmp_path / "absent.onnx")


@pytest.mark.parametrize("content", [b"data", {"a.xml": b"1", "b.bin": b"22"}])
def test_a_file_or_folder_is_read_back_as_written(content: files.Content, tmp_path: Path) -> None:
    files.write_content(tmp_path / "deep/model", content)
    assert files.read_content(tmp_path / "deep/model") == content
    assert files.size_of(content) == (4 if isinstance(content, bytes) else 3)
    assert len({files.digest_of(c) for c in (content, b"other", {"a.xml": b"1"})}) == 3


def test_a_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="could not write"):
        files.write_content(tmp_path / "file/model.onnx", b"")
    with pytest.raises(ConfigError, match=r"absent.onnx cannot be read: No such file"):
        files.read_content(tmp_path / "absent.onnx")
