"""The records of an output folder: concurrent processes, long names, trust and notes."""

import shutil
import threading
from collections.abc import Callable
from io import BufferedRandom
from pathlib import Path
from typing import NamedTuple

import pytest

from translate.engine.disk.records import json_files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.trust import map_path
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.results import InferenceResult

Action = Callable[[Path], InferenceResult]


class Item(NamedTuple):
    """An output to write."""

    output: Path
    origin: str = "nothing"


def digest(_: Item) -> str:
    return "0"


@pytest.fixture
def make_manifest(tmp_path: Path) -> Callable[..., OutputManifest]:
    def make(model: str = "m", **args: bool) -> OutputManifest:
        return OutputManifest(tmp_path / "out", {"model": model}, **args)

    return make


def items(tmp_path: Path, *names: str) -> list[Item]:
    return [Item(tmp_path / "out" / name) for name in names]


def test_two_concurrent_commands_fill_one_folder(
    actions: dict[str, Action], tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in", 12, size=8)
    out, summaries = tmp_path / "out", list[InferenceResult]()
    threads = [
        threading.Thread(target=lambda: summaries.append(actions["infer"](out))) for _ in "12"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(s.done + s.skipped, s.listed) for s in summaries] == [(13, 0)] * 2
    assert actions["infer"](out).skipped == 13
    assert not list(out.rglob(".*.part-*"))


def test_a_second_command_does_not_touch_files_in_progress(
    make_manifest: Callable[..., OutputManifest], tmp_path: Path
) -> None:
    with make_manifest().open():
        part = tmp_path / "out/.a.png.part-1-0123456789ab"
        part.touch()
        (tmp_path / "out/problems.jsonl").touch()
        with make_manifest().open():
            assert part.exists()
            assert (tmp_path / "out/problems.jsonl").exists()
    with make_manifest().open():
        assert not part.exists(), "no process is writing it any more"
        assert not (tmp_path / "out/problems.jsonl").exists()


def test_an_output_of_a_concurrent_process_counts_as_done(
    make_manifest: Callable[..., OutputManifest], tmp_path: Path
) -> None:
    first, second = make_manifest(), make_manifest()
    (item,) = items(tmp_path, "a.png")
    assert first.split([item], digest) == second.split([item], digest) == ([item], 0)
    with first.open(), second.open():
        first.write(item, "0", b"mine")
        second.write(item, "0", b"mine")
        second.write(item, "0", b"not bit for bit, on a GPU")
    assert item.output.read_bytes() == b"mine"
    assert make_manifest().split([item], digest) == ([], 1)


def test_an_output_that_appears_after_the_records_are_read_counts_as_done(
    make_manifest: Callable[..., OutputManifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, (item,) = make_manifest(), items(tmp_path, "a.png")
    real, reads = OutputManifest._read, list[int]()

    def read(self: OutputManifest, *names: str) -> object:
        records = real(self, *names)
        if not reads:
            other.write(item, "0", b"theirs")
        reads.append(1)
        return records

    monkeypatch.setattr(OutputManifest, "_read", read)
    assert make_manifest().split([item], digest) == ([], 1)


def test_a_foreign_file_that_appears_meanwhile_is_never_replaced(
    make_manifest: Callable[..., OutputManifest], tmp_path: Path
) -> None:
    records_, (item,) = make_manifest(), items(tmp_path, "a.png")
    assert records_.split([item], digest) == ([item], 0)
    item.output.parent.mkdir(exist_ok=True)
    item.output.write_bytes(b"the user's")
    with records_.open(), pytest.raises(FileExistsError):
        records_.write(item, "0", b"mine")
    with make_manifest("another").open(), pytest.raises(FileExistsError):
        make_manifest("another").write(item, "0", b"mine")
    assert item.output.read_bytes() == b"the user's"
    make_manifest(overwrite=True).write(item, "0", b"mine")
    assert item.output.read_bytes() == b"mine"


def test_an_output_whose_name_becomes_too_long_is_listed(
    model: Model, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    source, out = image_folder("in", 1, size=8), tmp_path / "out"
    for name in ("x" * 251 + ".png", "\u00e9" * 125 + ".png", "y" * 250 + ".tif"):
        shutil.copy(source / "0000.png", source / name)
    for number in range(4):  # more than the number of failed writes that stops a run
        for suffix in ("jpg", "png"):
            shutil.copy(source / "0000.png", source / f"{number}{'z' * 250}.{suffix}")
    summary = translate_folder(
        model, find_inputs(source, out), out, InferenceOptions(format="tiff")
    )
    names = [path.name for path in out.glob("*.tif*")]
    assert summary.done == len(names) == 3
    assert summary.listed == summary.requested - summary.done > 4
    for line in json_files.read_lines(out / "problems.jsonl"):
        assert line["reason"] == "ENAMETOOLONG" and "File name too long" in line["message"]
    second = translate_folder(model, find_inputs(source, out), out, InferenceOptions(format="tiff"))
    assert (second.skipped, second.listed) == (summary.done, summary.listed)


def test_outputs_get_their_trust_later_without_being_written_again(
    make_manifest: Callable[..., OutputManifest], tmp_path: Path
) -> None:
    (item,) = items(tmp_path, "x.png")
    first = make_manifest()
    with first.open():
        first.write(item, "s", b"image")
    written = item.output.stat()
    assert make_manifest().split([item], lambda _: "s") == ([], 1)
    measuring = make_manifest(with_trust=True)
    assert measuring.split([item], lambda _: "s") == ([item], 0), "it is no other's file"
    with measuring.open():
        measuring.write(item, "s", b"image", trust={"trust": 0.4}, trust_map=b"map")
    assert item.output.stat().st_mtime_ns == written.st_mtime_ns
    assert map_path(item.output).read_bytes() == b"map"
    for manifest in (make_manifest(), make_manifest(with_trust=True)):
        assert manifest.split([item], lambda _: "s") == ([], 1)
    map_path(item.output).unlink()
    assert make_manifest(with_trust=True).split([item], lambda _: "s") == ([item], 0)
    assert make_manifest().split([item], lambda _: "s") == ([], 1)
    item.output.write_bytes(b"of another program")
    with measuring.open(), pytest.raises(FileExistsError):
        measuring.write(item, "s", b"image", trust={"trust": 0.4})


def test_a_map_is_written_before_its_output(
    make_manifest: Callable[..., OutputManifest], tmp_path: Path
) -> None:
    (item,) = items(tmp_path, "x.png")
    map_path(item.output).mkdir(parents=True)
    manifest = make_manifest(with_trust=True)
    with manifest.open(), pytest.raises(OSError):
        manifest.write(item, "s", b"image", trust={"trust": 0.4}, trust_map=b"map")
    assert not item.output.exists()


def test_an_output_that_is_written_piece_by_piece_is_recorded_with_its_notes(
    tmp_path: Path,
) -> None:
    manifest, item = OutputManifest(tmp_path, {"model": "m"}), Item(tmp_path / "a.tif")
    with manifest.open():

        def write(file: BufferedRandom) -> list[str]:
            file.write(b"0123")
            return ["a note"]

        assert manifest.write_with(item, "0", write) == ["a note"]
        with pytest.raises(FileExistsError, match="another program"):
            manifest.write_with(item, "1", write)
    assert item.output.read_bytes() == b"0123"
    again = OutputManifest(tmp_path, {"model": "m"})
    assert again.split([item], digest) == ([], 1)
    assert [problem.message for problem in again.recorded_notes] == ["a note"]
