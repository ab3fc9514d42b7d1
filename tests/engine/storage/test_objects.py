"""Folders in an S3 server and in a store in memory are translated like folders on a disk."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hole_filling import FILLER, translate_images
from image_inversion import done_skipped_listed, file_digests, translate
from PIL import Image
from s3_server import download, upload

from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.objects.files import open_files
from translate.engine.shards.manifests import missing_shards
from translate.engine.shards.shard import Shard
from translate.engine.storage import objects
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.objects import ObjectStore, ObjectWriter, open_store
from translate.engine.system.locations import parse_location
from translate.errors import ConfigError, DataError, NothingUsableError, SaveError


def read_lines(url: Path) -> list[dict[str, Any]]:
    return list(storage_of(url).read_lines(url))


def memory_folder() -> Path:
    return parse_location(f"memory://{uuid4()}")


def test_a_folder_in_a_store_is_translated_to_the_same_files_as_on_a_disk(
    store: Path, images: Path, tmp_path: Path
) -> None:
    upload(images, store / "in")
    storage_of(store).replace(store / "in/notes.txt", b"x")
    expected = translate(images, tmp_path / "out")
    result = translate(store / "in", store / "out")
    assert done_skipped_listed(result) == done_skipped_listed(expected) == (5, 0, 1)
    assert str(result.problems) == f"{store}/out/problems.jsonl"
    listed = {line["path"].removeprefix(f"{store}/in/") for line in read_lines(result.problems)}
    assert listed == {"bad.png", "b.gif"}
    outputs = file_digests(download(store / "out", tmp_path / "copy"))
    assert outputs == file_digests(tmp_path / "out")
    assert done_skipped_listed(translate(store / "in", tmp_path / "from")) == (5, 0, 1)
    assert file_digests(tmp_path / "from") == outputs
    assert done_skipped_listed(translate(images, store / "into")) == (5, 0, 1)
    assert file_digests(download(store / "into", tmp_path / "into")) == outputs
    probes = [n for n in storage_of(store).names(store / "out/.translate") if "probe" in n]
    assert not probes and not list(tmp_path.rglob(".*.part-*"))


def test_a_rerun_skips_existing_outputs_and_replaces_nothing(store: Path, images: Path) -> None:
    upload(images, store / "in")
    assert done_skipped_listed(translate(store / "in", store / "out", limit=2)) == (2, 0, 0)
    assert done_skipped_listed(translate(store / "in", store / "out", batch_size=4)) == (3, 2, 1)
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 1)
    storage_of(store).replace(store / "in/a.png", (images / "deep/d.png").read_bytes())
    with pytest.raises(ConfigError, match=r"out/a.png exists already, and was not made from"):
        translate(store / "in", store / "out")
    with pytest.raises(ConfigError, match="--overwrite"):
        translate(store / "in", store / "out", to="a")
    assert done_skipped_listed(translate(store / "in", store / "out", overwrite=True)) == (1, 4, 1)
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 1)


def test_an_object_that_appears_meanwhile_is_not_replaced(
    store: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(images, store / "in")
    write, foreign = ObjectStore.write, store / "out/deep/d.png"

    def write_after_another_program(
        storage: ObjectStore, path: Path, data: bytes, *, new: bool
    ) -> str | None:
        if path == foreign:
            storage.replace(path, b"of another program")
        return write(storage, path, data, new=new)

    monkeypatch.setattr(ObjectStore, "write", write_after_another_program)
    assert done_skipped_listed(translate(store / "in", store / "out")) == (4, 0, 2)
    assert storage_of(store).open_image(foreign, max_pixels=9).data == b"of another program"
    reasons = {line["path"]: line["reason"] for line in read_lines(store / "out/problems.jsonl")}
    assert reasons[f"{store}/in/deep/d.png"] == "EEXIST"


def test_shards_share_a_bucket(store: Path, images: Path, tmp_path: Path) -> None:
    upload(images, store / "in")
    results = [translate(store / "in", store / "out", shard=Shard(k, 3)) for k in (2, 0)]
    assert missing_shards(store / "out", 3) == [1]
    results.append(translate(store / "in", store / "out", shard=Shard(1, 3)))
    assert missing_shards(store / "out", 3) == []
    assert (sum(r.done for r in results), sum(r.listed for r in results)) == (5, 1)
    translate(images, tmp_path / "out")
    copy = download(store / "out", tmp_path / "copy")
    assert file_digests(copy) == file_digests(tmp_path / "out")


def test_a_glob_a_file_and_a_missing_folder_are_sources(store: Path, images: Path) -> None:
    upload(images, store / "in")
    out = store / "out"

    def image_names(pattern: str) -> list[str]:
        inputs = find_inputs(f"{store}/{pattern}", out)
        return [path.relative_to(inputs.root).as_posix() for path in inputs.images]

    assert image_names("in/deep/d.png") == ["d.png"]
    assert image_names("in/*.png") == ["a.png", "bad.png"]
    assert image_names("in/{a,b,c}.{png,gif}") == ["a.png", "b.gif"]
    assert image_names("{in,out}/deep/*.jpg") == ["in/deep/c.jpg"]
    assert image_names("in/**/*.png") == ["a.png", "bad.png", "deep/d.png"]
    with pytest.raises(DataError, match="there is no file or folder"):
        image_names("none")
    with pytest.raises(NothingUsableError, match="there is no image"):
        image_names("in/*.webp")
    with pytest.raises(ConfigError, match="choose another folder"):
        find_inputs(f"{store}/in", store / "in")


def test_masks_may_be_objects(store: Path, tmp_path: Path) -> None:
    mask = Image.new("L", (8, 8))
    mask.paste(255, (2, 2, 5, 5))
    images = {"in/{}.png": Image.new("RGB", (8, 8), (90, 60, 30)), "masks/{}.bmp": mask}
    for name in ("a", "b"):
        for pattern, image in images.items():
            file = tmp_path / Path(pattern).name
            image.save(file)
            storage_of(store).replace(store / pattern.format(name), file.read_bytes())
    assert translate_images(store / "in", store / "out", FILLER, mask=store / "masks").done == 2


def test_a_bucket_that_does_not_exist_is_an_error(s3: ObjectStore, images: Path) -> None:  # noqa: ARG001
    with pytest.raises(DataError, match="there is no file or folder s3://no-such-bucket/in"):
        find_inputs("s3://no-such-bucket/in", images.parent / "out")
    with pytest.raises(SaveError, match=r"cannot write to s3://.*no such bucket") as error:
        find_inputs(images, parse_location("s3://no-such-bucket/out"))
    assert error.value.exit_code == 2


def test_a_key_with_an_empty_part_or_a_dot_is_listed_as_a_problem(
    s3: ObjectStore, tmp_path: Path
) -> None:
    s3._files.system.mkdir("odd-keys")
    for key in ("in/x.png", "in/", "in//y.png", "in/./z.png"):
        s3._files.system.call_s3("put_object", Bucket="odd-keys", Key=key, Body=b"")
    inputs = find_inputs("s3://odd-keys/in", tmp_path / "out")
    assert [str(path) for path in inputs.images] == ["s3://odd-keys/in/x.png"]
    assert sorted(error.reason for error in inputs.problems) == [
        "keys with the part '' are not read: no path has it",
        "keys with the part '.' are not read: no path has it",
    ]


def test_an_image_with_a_lost_connection_is_listed_and_its_shard_is_not_complete(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = memory_folder()
    upload(images, store / "in")
    files = storage_of(store)._files.system  # type: ignore[attr-defined]
    cat_file = files.cat_file

    def read_or_fail(path: str, **part: object) -> bytes:
        if path.endswith("d.png"):
            raise ConnectionResetError(104, "Connection reset by peer")
        return cat_file(path, **part)

    with monkeypatch.context() as patch:
        patch.setattr(files, "cat_file", read_or_fail)
        result = translate(store / "in", store / "out", shard=Shard(0, 1))
        assert done_skipped_listed(result) == (4, 0, 2)
    problems = {line["path"]: line for line in read_lines(store / "out/problems-0-of-1.jsonl")}
    assert problems[f"{store}/in/deep/d.png"]["reason"] == "unreachable"
    assert missing_shards(store / "out", 1) == [0]
    result = translate(store / "in", store / "out", shard=Shard(0, 1))
    assert done_skipped_listed(result) == (1, 4, 1)
    assert missing_shards(store / "out", 1) == []


def test_a_store_that_refuses_three_images_in_a_row_ends_the_translation(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = memory_folder()

    def refuse(_: ObjectStore, path: Path, data: bytes, *, new: bool) -> None:  # noqa: ARG001
        raise PermissionError(13, "access is denied", str(path))

    monkeypatch.setattr(ObjectStore, "write", refuse)
    with pytest.raises(SaveError, match="3 images in a row could not be written to memory://"):
        translate(images, out)


def test_a_file_in_a_storage_without_atomic_writes_gets_a_temporary_name_first(
    images: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = memory_folder()
    monkeypatch.setattr(objects, "ATOMIC", set())
    open_store.cache_clear()
    written, files = list[str](), open_files(store.scheme, store.host).system  # type: ignore[attr-defined]
    pipe_file = files.pipe_file

    def record_and_write(path: str, data: bytes) -> None:
        written.append(path)
        pipe_file(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(files, "pipe_file", record_and_write)
        assert done_skipped_listed(translate(images, store / "out")) == (5, 0, 1)
    open_store.cache_clear()
    assert written and all(".part-" in path for path in written)
    translate(images, tmp_path / "out")
    copy = file_digests(download(store / "out", tmp_path / "copy"))
    assert copy == file_digests(tmp_path / "out")
    assert not [n for n in storage_of(store).names(store / "out") if ".part-" in n]


@pytest.mark.parametrize("is_atomic", [True, False])
def test_a_new_object_never_replaces_an_existing_one(tmp_path: Path, is_atomic: bool) -> None:
    folder, files, file = memory_folder(), MemoryFileSystem(), tmp_path / "x"
    file.write_bytes(b"2")
    writer = ObjectWriter(files, is_atomic)
    writer.write(folder / "x", b"1", new=True)
    with pytest.raises(FileExistsError):
        writer.write(folder / "x", b"2", new=True)
    with pytest.raises(FileExistsError):
        writer.upload(folder / "x", str(file), new=True)
    assert files.cat_file(str(folder / "x")) == b"1"
    writer.upload(folder / "x", str(file), new=False)
    assert files.cat_file(str(folder / "x")) == b"2"
    assert len(files.ls(str(folder))) == 1


def test_an_upload_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder, files = memory_folder(), MemoryFileSystem()
    with pytest.raises(OSError, match=r"No such file|not there"):
        ObjectWriter(files, is_atomic=False).upload(folder / "x", str(tmp_path / "none"), new=False)
    assert not files.exists(str(folder / "x"))
