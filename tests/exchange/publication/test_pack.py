"""Packed models, verified on the machine they came to."""

import json
from pathlib import Path

import pytest
import small_checkpoints

from translate.engine.checkpoints.references.lookup import resolve
from translate.errors import ConfigError
from translate.exchange.publication import pack
from translate.exchange.publication.pack import verify_pack, write_pack
from translate.exchange.publication.published import PublishedModel, publish


def test_what_is_packed_verifies_and_the_same_model_gives_the_same_file(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    for name in ("a.zip", "b.zip"):
        write_pack(publish(resolve(run)[0], "run", "# run\n"), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    found = verify_pack(tmp_path / "a.zip")
    assert found.is_equal and (found.difference, found.missing, found.other_versions) == (0, [], [])


def test_existing_files_and_other_suffixes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    model = publish(resolve(small_checkpoints.gan(tmp_path / "run"))[0], "run", "# run\n")
    with pytest.raises(ConfigError, match="already exists"):
        write_pack(model, tmp_path / "a.zip")
    with pytest.raises(ConfigError, match="expected the name of a zip file"):
        write_pack(model, tmp_path / "a.tar")


def test_missing_plugins_and_other_versions_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = publish(resolve(small_checkpoints.gan(tmp_path / "run"))[0], "run", "# run\n")
    record = json.loads(model.read("pack.json"))
    record["plugins"] = {"translate-gone": "1.0", "numpy": "0.1"}
    files = {**model.files, "pack.json": json.dumps(record).encode()}
    write_pack(PublishedModel(files, model.record), tmp_path / "a.zip")
    monkeypatch.setattr(pack, "__version__", "9")
    found = verify_pack(tmp_path / "a.zip")
    assert not found.is_equal and found.missing == ["translate-gone==1.0"]
    assert [line.split()[0] for line in found.other_versions] == ["numpy", "translate-kit"]
