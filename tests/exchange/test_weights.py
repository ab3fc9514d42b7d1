"""Files of pretrained weights that plugins declare are listed, and added by their hash."""

from collections.abc import Callable
from pathlib import Path

import pytest
from disk_faults import FaultyDisk, no_space
from pretrained_files import WEIGHTS, register_losses

from translate.errors import ConfigError, SaveError
from translate.exchange import weights
from translate.weights import PretrainedFile


@pytest.fixture
def file(
    register_plugin: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> PretrainedFile:
    """Return a file that another distribution's plugin declares, with an empty cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    return register_losses(register_plugin)


def test_the_files_of_all_plugins_are_listed_by_name(file: PretrainedFile) -> None:
    declared = {declaration.file.name: declaration for declaration in weights.declared_files()}
    assert declared[file.name].used_by == (("loss", "taste"), ("loss", "smell"))
    assert "vgg19-dcbb9e9d.pth" in declared
    assert list(declared) == sorted(declared)


def test_a_file_is_recognized_by_its_hash_whatever_its_name_is(
    file: PretrainedFile, tmp_path: Path
) -> None:
    (tmp_path / "download (1)").write_bytes(WEIGHTS)
    assert weights.add(tmp_path / "download (1)") == file
    assert file.require().read_bytes() == WEIGHTS
    before = file.path.stat().st_mtime_ns
    assert weights.add(tmp_path / "download (1)") == file
    assert file.path.stat().st_mtime_ns == before, "written again"


def test_adding_replaces_a_damaged_file(file: PretrainedFile, tmp_path: Path) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(WEIGHTS[:10])
    (tmp_path / "taste.pth").write_bytes(WEIGHTS)
    weights.add(tmp_path / "taste.pth")
    assert file.path.read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("taste.pth", r"taste\.pth is incomplete or another file: .* \(3 MB, MIT\)"),
        ("taste-v2.pth", r"no plugin needs a file with a sha256 .* Did you mean 'taste-v1\.pth'\?"),
    ],
)
def test_an_unknown_file_is_refused(
    file: PretrainedFile, tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / name).write_bytes(WEIGHTS[:-1])
    with pytest.raises(ConfigError, match=expected):
        weights.add(tmp_path / name)
    assert not file.present


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pth", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            weights.add(path)


def test_a_full_disk_leaves_no_partial_file(
    file: PretrainedFile, tmp_path: Path, disk: FaultyDisk
) -> None:
    (tmp_path / "taste.pth").write_bytes(WEIGHTS)
    disk.arm(1, no_space, always=True)
    with pytest.raises(SaveError, match="No space left"):
        weights.add(tmp_path / "taste.pth")
    assert not [*file.path.parent.glob("*")]
