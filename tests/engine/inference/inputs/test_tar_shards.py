"""Tar shards in an object store are translated like tar shards on the disk."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from image_inversion import done_skipped_listed, file_digests, translate
from s3_server import download
from shard_files import tar_file, write_shards

from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.objects.files import ObjectFiles
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.errors import DataError


@pytest.fixture
def shards(images: Path, store: Path, tmp_path: Path) -> Path:
    """Write two shards and a truncated one to the disk and the store; return the local folder."""
    png, gif = (images / "a.png").read_bytes(), (images / "b.gif").read_bytes()
    first = {"1.png": png, "1.json": b"{}", "deep/2.gif": gif, "../up.png": png, "bad.png": b"?"}
    write_shards([tmp_path / "shards", store / "shards"], {"00.tar": first, "01.tar": first})
    for place in (tmp_path / "shards", store / "shards"):
        storage_of(place).replace(place / "02.tar", tar_file({"x.png": png})[:540])
    return tmp_path / "shards"


def records(out: Path, root: Path) -> list[dict[str, object]]:
    """Return the records in a local folder, with inputs relative to `root`."""
    lines = [json.loads(line) for line in (out / ".translate/done.jsonl").read_text().splitlines()]
    return sorted(
        ({**line, "input": str(line["input"]).removeprefix(str(root))} for line in lines),
        key=lambda line: str(line["output"]),
    )


def problems(out: Path, root: Path) -> list[str]:
    """Return the lines of problems, with paths relative to `root`."""
    return sorted((out / "problems.jsonl").read_text().replace(f"{root}/", "").splitlines())


@pytest.mark.parametrize(
    "source",
    [
        "/{00..03}.tar",
        "/0?.tar/**/*.png",
        *(pytest.param(x, marks=pytest.mark.slow) for x in ("", "/00.tar")),
    ],
)
def test_shards_in_a_store_give_the_outputs_of_local_shards(
    source: str, shards: Path, store: Path, tmp_path: Path
) -> None:
    local, stored = tmp_path / "local", tmp_path / "stored"
    expected = done_skipped_listed(translate(f"{shards}{source}", local))  # type: ignore[arg-type]
    assert done_skipped_listed(translate(f"{store}/shards{source}", stored)) == expected  # type: ignore[arg-type]
    assert file_digests(stored) == file_digests(local) and expected[0] in (1, 2, 4)
    assert records(stored, store / "shards") == records(local, shards)
    assert problems(stored, store / "shards") == problems(local, shards)
    rerun = translate(f"{store}/shards{source}", stored)  # type: ignore[arg-type]
    assert done_skipped_listed(rerun) == (0, expected[0], expected[2])


def test_a_rerun_reads_no_member_and_a_shard_that_has_changed_is_read_again(
    shards: Path, store: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert done_skipped_listed(translate(store / "shards", store / "out"))[:2] == (4, 0)
    copy = download(store / "out", shards.parent / "copy")
    translate(shards, shards.parent / "expected")
    assert file_digests(copy) == file_digests(shards.parent / "expected")
    reads, real_read = list[str](), ObjectFiles.read

    def read(files: ObjectFiles, path: Path, *part: int) -> bytes:
        if path.suffix == ".tar":
            reads.append(path.name)
        return real_read(files, path, *part)

    monkeypatch.setattr(ObjectFiles, "read", read)
    assert done_skipped_listed(translate(store / "shards", store / "out"))[:2] == (0, 4)
    assert reads == ["00.tar", "01.tar"], "for bad.png of each"
    other = {"1.png": (images / "deep/d.png").read_bytes()}
    write_shards([store / "shards"], {"01.tar": other})
    result = translate(store / "shards", store / "out", overwrite=True)
    assert done_skipped_listed(result)[:2] == (1, 2)


def test_parallel_jobs_translate_each_image_once(shards: Path, store: Path, tmp_path: Path) -> None:
    results = [translate(store / "shards", tmp_path / "out", shard=Shard(k, 3)) for k in range(3)]
    assert sum(result.done for result in results) == 4
    translate(shards, tmp_path / "expected")
    outputs = file_digests(tmp_path / "out")
    assert file_digests(tmp_path / "expected").items() <= outputs.items()


@pytest.mark.usefixtures("shards")
def test_missing_tar_files_and_members_are_named(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for source in ("shards/09.tar", "shards/00.tar/none.png"):
        with pytest.raises(DataError, match="there is no file or folder"):
            find_inputs(f"{store}/{source}", out)
    inputs = find_inputs(f"{store}/shards/{{01..04}}.tar", out)
    list(inputs.folders())
    missing_members = [error for error in inputs.problems if "not there" in error.reason]
    assert [str(error.path) for error in missing_members] == [
        f"{store}/shards/03.tar", f"{store}/shards/04.tar",
    ]  # fmt: skip


@pytest.mark.usefixtures("shards")
def test_tar_files_in_a_folder_with_images_are_skipped(store: Path, images: Path) -> None:
    storage_of(store).replace(store / "shards/z/a.png", (images / "a.png").read_bytes())
    inputs = find_inputs(store / "shards", store / "out")
    assert [str(path) for path in inputs.images] == [f"{store}/shards/z/a.png"]
    assert [path.name for path in inputs.skipped] == ["00.tar", "01.tar", "02.tar"]


def test_a_glob_selects_members_of_a_shard(images: Path, tmp_path: Path) -> None:
    store = parse_location(f"memory://{uuid4()}")
    png = (images / "a.png").read_bytes()
    write_shards([store], {"00.tar": {"x/1.png": png, "x/y/2.png": png, "3.png": png}})
    inputs = find_inputs(f"{store}/00.tar/x/*.png", tmp_path / "out")
    assert [str(path) for path in inputs.images] == [f"{store}/00.tar/x/1.png"]
