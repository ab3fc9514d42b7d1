"""Tar shards of a store are translated as those of the disk: outputs, records, problems, reruns."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from image_inversion import counts, file_digests, translate
from s3_server import download
from shard_files import tar_of, write_shards

from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.objects.files import ObjectFiles
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.errors import DataError


@pytest.fixture
def shards(images: Path, store: Path, tmp_path: Path) -> Path:
    """Write two shards, the second truncated, to the disk and to the store; return the former."""
    png, gif = (images / "a.png").read_bytes(), (images / "b.gif").read_bytes()
    first = {"1.png": png, "1.json": b"{}", "deep/2.gif": gif, "../up.png": png, "bad.png": b"?"}
    write_shards([tmp_path / "shards", store / "shards"], {"00.tar": first, "01.tar": first})
    for place in (tmp_path / "shards", store / "shards"):
        storage_of(place).replace(place / "02.tar", tar_of({"x.png": png})[:540])
    return tmp_path / "shards"


def records(out: Path, root: Path) -> list[dict[str, object]]:
    """Return the records of a folder of the disk, with inputs relative to `root`."""
    lines = [json.loads(line) for line in (out / ".translate/done.jsonl").read_text().splitlines()]
    return sorted(
        ({**line, "input": str(line["input"]).removeprefix(str(root))} for line in lines),
        key=lambda line: str(line["output"]),
    )


def problems(out: Path, root: Path) -> list[str]:
    """Return the lines of problems, with paths relative to `root`."""
    return sorted(
        line.replace(f"{root}/", "") for line in (out / "problems.jsonl").read_text().splitlines()
    )


@pytest.mark.parametrize(
    "source",
    [
        "/{00..03}.tar",
        "/0?.tar/**/*.png",
        *(pytest.param(x, marks=pytest.mark.slow) for x in ("", "/00.tar")),
    ],
)
def test_a_store_is_translated_as_the_disk_is(
    source: str, shards: Path, store: Path, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    done = counts(translate(f"{shards}{source}", here))  # type: ignore[arg-type]
    assert counts(translate(f"{store}/shards{source}", there)) == done  # type: ignore[arg-type]
    assert file_digests(there) == file_digests(here) and done[0] in (1, 2, 4)
    assert records(there, store / "shards") == records(here, shards)
    assert problems(there, store / "shards") == problems(here, shards)
    again = translate(f"{store}/shards{source}", there)  # type: ignore[arg-type]
    assert counts(again) == (0, done[0], done[2])


def test_a_rerun_reads_no_member_and_a_shard_that_has_changed_is_read_again(
    shards: Path, store: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counts(translate(store / "shards", store / "out"))[:2] == (4, 0)
    copy = download(store / "out", shards.parent / "copy")
    translate(shards, shards.parent / "expected")
    assert file_digests(copy) == file_digests(shards.parent / "expected")
    read, real = list[str](), ObjectFiles.read

    def counted(files: ObjectFiles, path: Path, *part: int) -> bytes:
        if path.suffix == ".tar":
            read.append(path.name)
        return real(files, path, *part)

    monkeypatch.setattr(ObjectFiles, "read", counted)
    assert counts(translate(store / "shards", store / "out"))[:2] == (0, 4)
    assert read == ["00.tar", "01.tar"], "the images that could not be read"
    other = {"1.png": (images / "deep/d.png").read_bytes()}
    write_shards([store / "shards"], {"01.tar": other})
    result = translate(store / "shards", store / "out", overwrite=True)
    assert counts(result)[:2] == (1, 2)


def test_parts_of_all_shards_are_translated_once(shards: Path, store: Path, tmp_path: Path) -> None:
    results = [translate(store / "shards", tmp_path / "out", shard=Shard(k, 3)) for k in range(3)]
    assert sum(result.done for result in results) == 4
    translate(shards, tmp_path / "expected")
    made = file_digests(tmp_path / "out")
    assert file_digests(tmp_path / "expected").items() <= made.items()


def test_what_is_not_there_is_one_line(shards: Path, store: Path, tmp_path: Path) -> None:
    assert shards
    out = tmp_path / "out"
    for source in ("shards/09.tar", "shards/00.tar/none.png"):
        with pytest.raises(DataError, match="there is no file or folder"):
            find_inputs(f"{store}/{source}", out)
    inputs = find_inputs(f"{store}/shards/{{01..04}}.tar", out)
    list(inputs.folders())
    missing = [bad for bad in inputs.problems if "not there" in bad.reason]
    assert [str(bad.path) for bad in missing] == [
        f"{store}/shards/03.tar", f"{store}/shards/04.tar",
    ]  # fmt: skip


def test_a_folder_with_images_has_no_members(shards: Path, store: Path, images: Path) -> None:
    assert shards
    storage_of(store).replace(store / "shards/z/a.png", (images / "a.png").read_bytes())
    inputs = find_inputs(store / "shards", store / "out")
    assert [str(path) for path in inputs.images] == [f"{store}/shards/z/a.png"]
    assert [path.name for path in inputs.skipped] == ["00.tar", "01.tar", "02.tar"]


def test_the_members_of_a_folder_of_a_shard_are_a_source(images: Path, tmp_path: Path) -> None:
    store = parse_location(f"memory://{uuid4()}")
    png = (images / "a.png").read_bytes()
    write_shards([store], {"00.tar": {"x/1.png": png, "x/y/2.png": png, "3.png": png}})
    inputs = find_inputs(f"{store}/00.tar/x/*.png", tmp_path / "out")
    assert [str(path) for path in inputs.images] == [f"{store}/00.tar/x/1.png"]
