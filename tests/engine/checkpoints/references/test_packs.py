"""A packed model is a run; what is damaged or made to do harm is refused whole."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
import small_checkpoints

from translate.engine.checkpoints.contents import digest_of
from translate.engine.checkpoints.references import packs
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.disk import user_cache
from translate.errors import CheckpointError
from translate.exchange.publication.pack import write_pack
from translate.exchange.publication.published import publish


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(user_cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache/packs"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Pack a GAN, the smallest model."""
    run = small_checkpoints.gan(tmp_path / "run")
    write_pack(publish(resolve(run)[0], "gan", "# gan\n"), tmp_path / "gan.zip")
    return tmp_path / "gan.zip"


def test_a_pack_is_a_run_with_the_digest_of_its_checkpoint(pack: Path, cache: Path) -> None:
    path, problems = resolve(pack)
    assert path.is_relative_to(cache) and not problems
    assert digest_of(path) == digest_of(resolve(pack.parent / "run")[0])
    before = {p: p.stat().st_mtime_ns for p in cache.rglob("*")}
    assert resolve(pack) == (path, [])
    assert {p: p.stat().st_mtime_ns for p in cache.rglob("*")} == before, "unpacked once"
    again = pack.with_name("again.zip")
    write_pack(publish(resolve(pack)[0], "gan", "# gan\n"), again)
    assert again.read_bytes() == pack.read_bytes(), "a pack of a pack is the same"


def rewritten(pack: Path, change: Callable[[ZipFile, str, bytes], None]) -> None:
    """Write the zip file again, each of its files by `change`."""
    buffer = BytesIO()
    with ZipFile(pack) as old, ZipFile(buffer, "w") as new:
        for name in old.namelist():
            change(new, name, old.read(name))
    pack.write_bytes(buffer.getvalue())


def add(new: ZipFile, name: str, data: bytes, kind: int = ZIP_STORED) -> None:
    new.writestr(ZipInfo(name), data, kind)


def flip(new: ZipFile, name: str, data: bytes) -> None:
    add(new, name, data[:-1] + b"x" if name.endswith("weights.safetensors") else data)


def compress(new: ZipFile, name: str, data: bytes) -> None:
    add(new, name, data, ZIP_DEFLATED)


def climb(new: ZipFile, name: str, data: bytes) -> None:
    add(new, name, data)
    if name == packs.RECORD:
        add(new, "../escaped.json", b"{}")


def pickle_inside(new: ZipFile, name: str, data: bytes) -> None:
    add(new, name, data)
    if name == packs.RECORD:
        add(new, "checkpoints/step-00000001/weights.pt", b"x")


def unlisted(new: ZipFile, name: str, data: bytes) -> None:
    add(new, name, data)
    if name == packs.RECORD:
        add(new, "preview.png", b"x")


def lose(new: ZipFile, name: str, data: bytes) -> None:
    if not name.endswith("state.json"):
        add(new, name, data)


def no_record(new: ZipFile, name: str, data: bytes) -> None:
    add(new, name, b"[]" if name == packs.RECORD else data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (flip, "weights.safetensors has other bytes than were packed"),
        (compress, "is compressed"),
        (climb, r"'\.\./escaped\.json' does not belong in it"),
        (pickle_inside, r"weights\.pt' does not belong in it"),
        (unlisted, "preview.png is only in it, or only in pack.json"),
        (lose, "state.json is only in it, or only in pack.json"),
        (no_record, "pack.json is not understood"),
    ],
)
def test_a_changed_pack_is_refused_and_nothing_is_left_of_it(
    change: Callable[[ZipFile, str, bytes], None], message: str, pack: Path, cache: Path
) -> None:
    rewritten(pack, change)
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
