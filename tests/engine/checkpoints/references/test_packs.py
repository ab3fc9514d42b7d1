"""A packed model is used like a run; a damaged or malicious pack is refused."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
import small_checkpoints

from translate.engine.checkpoints.contents import digest_of
from translate.engine.checkpoints.references import packs
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.disk import user_cache
from translate.errors import CheckpointError
from translate.exchange.publication.model_files import collect_files
from translate.exchange.publication.pack import write_pack


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of unpacked models, which is empty."""
    monkeypatch.setenv(user_cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache/packs"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Pack a GAN, the smallest model."""
    run = small_checkpoints.gan(tmp_path / "run")
    write_pack(collect_files(resolve(run)[0], "gan", "# gan\n"), tmp_path / "gan.zip")
    return tmp_path / "gan.zip"


def test_a_pack_is_a_run_with_the_digest_of_its_checkpoint(pack: Path, cache: Path) -> None:
    path, problems = resolve(pack)
    assert path.is_relative_to(cache) and not problems
    assert digest_of(path) == digest_of(resolve(pack.parent / "run")[0])
    before = {p: p.stat().st_mtime_ns for p in cache.rglob("*")}
    assert resolve(pack) == (path, [])
    assert {p: p.stat().st_mtime_ns for p in cache.rglob("*")} == before, "unpacked once"
    again = pack.with_name("again.zip")
    write_pack(collect_files(resolve(pack)[0], "gan", "# gan\n"), again)
    assert again.read_bytes() == pack.read_bytes(), "a pack of a pack is the same"


STEP = "checkpoints/step-00000001"


@pytest.mark.parametrize(
    ("changed_files", "message"),
    [
        ({f"{STEP}/weights.safetensors": b"x"}, "weights.safetensors has other bytes than were"),
        ({"../escaped.json": b"{}"}, r"'\.\./escaped\.json' does not belong in it"),
        ({f"{STEP}/weights.pt": b"x"}, r"weights\.pt' does not belong in it"),
        ({"preview.png": b"x"}, "preview.png is only in it, or only in pack.json"),
        ({f"{STEP}/state.json": None}, "state.json is only in it, or only in pack.json"),
        ({packs.RECORD: b"[]"}, "pack.json is not understood"),
        ({}, "is compressed"),
    ],
)
def test_a_changed_pack_is_refused_and_nothing_of_it_stays_in_the_cache(
    changed_files: dict[str, bytes | None], message: str, pack: Path, cache: Path
) -> None:
    with ZipFile(pack) as archive:
        files = {name: archive.read(name) for name in archive.namelist()} | changed_files
    with ZipFile(pack, "w", ZIP_STORED if changed_files else ZIP_DEFLATED) as archive:
        for name, data in files.items():
            if data is not None:
                archive.writestr(name, data)
    with pytest.raises(CheckpointError, match=message):
        resolve(pack)
    assert not [path for path in cache.rglob("*") if path.is_file()]
    assert not [*pack.parent.rglob("escaped.json")]


def test_a_truncated_pack_and_any_other_zip_file_are_no_runs(pack: Path) -> None:
    whole = pack.read_bytes()
    for data in (whole[: len(whole) // 2], whole[:-30]):
        pack.write_bytes(data)
        with pytest.raises(CheckpointError, match="is a file: expected a run folder"):
            resolve(pack)
    with ZipFile(pack, "w") as archive:
        archive.writestr("x.txt", "text")
    with pytest.raises(CheckpointError, match="is a file: expected a run folder"):
        resolve(pack)
