"""Packed models are verified; missing plugins and other versions are listed."""

import json
from pathlib import Path

import pytest
import small_checkpoints

from translate.engine.checkpoints.references.lookup import resolve
from translate.errors import ConfigError
from translate.exchange.publication import pack
from translate.exchange.publication.model_files import ModelFiles, collect_files
from translate.exchange.publication.pack import verify_pack, write_pack


def test_a_pack_is_verified_and_equal_models_give_equal_files(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    for name in ("a.zip", "b.zip"):
        write_pack(collect_files(resolve(run)[0], "run", "# run\n"), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    result = verify_pack(tmp_path / "a.zip")
    assert result.is_equal and result.difference == 0
    assert (result.missing_plugins, result.other_versions) == ([], [])


def test_existing_files_and_other_suffixes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    model = collect_files(resolve(small_checkpoints.gan(tmp_path / "run"))[0], "run", "# run\n")
    with pytest.raises(ConfigError, match="already exists"):
        write_pack(model, tmp_path / "a.zip")
    with pytest.raises(ConfigError, match="expected the name of a zip file"):
        write_pack(model, tmp_path / "a.tar")


def test_missing_plugins_and_other_versions_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = collect_files(resolve(small_checkpoints.gan(tmp_path / "run"))[0], "run", "# run\n")
    record = json.loads(model.read("pack.json"))
    record["plugins"] = {"translate-gone": "1.0", "numpy": "0.1"}
    files = {**model.files, "pack.json": json.dumps(record).encode()}
    write_pack(ModelFiles(files, model.record), tmp_path / "a.zip")
    monkeypatch.setattr(pack, "__version__", "9")
    result = verify_pack(tmp_path / "a.zip")
    assert not result.is_equal and result.missing_plugins == ["translate-gone==1.0"]
    assert [line.split()[0] for line in result.other_versions] == ["numpy", "translate-kit"]
