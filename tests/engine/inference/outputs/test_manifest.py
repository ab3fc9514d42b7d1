"""The records of an output folder: concurrent processes, long names, trust and notes."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BufferedRandom
from pathlib import Path
from typing import Any

import pytest
from small_outputs import OutputItem, make_manifest, remaining_items

from translate.engine.disk.records import json_files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.inference.outputs.destinations import EncodedOutput
from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.remaining import find_remaining
from translate.engine.inference.trust import map_path
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions


def test_two_concurrent_commands_fill_one_folder(
    actions: dict[str, Callable[[Path], Any]], tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in", 12, size=8)
    out = tmp_path / "out"
    with ThreadPoolExecutor(2) as pool:
        summaries = list(pool.map(actions["infer"], [out, out]))
    assert [(s.done + s.skipped, s.listed) for s in summaries] == [(13, 0)] * 2
    assert actions["infer"](out).skipped == 13
    assert not list(out.rglob(".*.part-*"))


def test_a_second_command_keeps_partial_files_and_problems_of_the_first(tmp_path: Path) -> None:
    with make_manifest(tmp_path).open():
        part = tmp_path / "out/.a.png.part-1-0123456789ab"
        part.touch()
        (tmp_path / "out/problems.jsonl").touch()
        with make_manifest(tmp_path).open():
            assert part.exists()
            assert (tmp_path / "out/problems.jsonl").exists()
    with make_manifest(tmp_path).open():
        assert not part.exists(), "no process is writing it any more"
        assert not (tmp_path / "out/problems.jsonl").exists()


def test_a_file_that_another_program_writes_meanwhile_is_never_replaced(tmp_path: Path) -> None:
    manifest, item = make_manifest(tmp_path), OutputItem(tmp_path / "out/a.png")
    assert remaining_items(manifest, item) == ([item], 0)
    item.output.parent.mkdir(exist_ok=True)
    item.output.write_bytes(b"the user's")
    with manifest.open(), pytest.raises(FileExistsError):
        manifest.write(item, EncodedOutput(b"mine", "0"))
    with make_manifest(tmp_path, "another").open(), pytest.raises(FileExistsError):
        make_manifest(tmp_path, "another").write(item, EncodedOutput(b"mine", "0"))
    assert item.output.read_bytes() == b"the user's"
    make_manifest(tmp_path, overwrite=True).write(item, EncodedOutput(b"mine", "0"))
    assert item.output.read_bytes() == b"mine"


def test_an_output_with_a_name_too_long_for_the_disk_is_listed(
    model: Model, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    source, out = image_folder("in", 1, size=8), tmp_path / "out"
    for name in ("x" * 251 + ".png", "\u00e9" * 125 + ".png", "y" * 250 + ".tif"):
        shutil.copy(source / "0000.png", source / name)
    for number in range(4):  # more than the number of failed writes that stops a run
        for suffix in ("jpg", "png"):
            shutil.copy(source / "0000.png", source / f"{number}{'z' * 250}.{suffix}")
    options = InferenceOptions(format="tiff")
    summary = translate_folder(model, find_inputs(source, out), out, options)
    names = [path.name for path in out.glob("*.tif*")]
    assert summary.done == len(names) == 3
    assert summary.listed == summary.requested - summary.done > 4
    for line in json_files.read_lines(out / "problems.jsonl"):
        assert line["reason"] == "ENAMETOOLONG" and "File name too long" in line["message"]
    second = translate_folder(model, find_inputs(source, out), out, options)
    assert (second.skipped, second.listed) == (summary.done, summary.listed)


def test_a_map_precedes_its_output(tmp_path: Path) -> None:
    item = OutputItem(tmp_path / "out/x.png")
    map_path(item.output).mkdir(parents=True)
    manifest = make_manifest(tmp_path)
    with manifest.open(), pytest.raises(OSError):
        manifest.write(item, EncodedOutput(b"image", "s", trust={"trust": 0.4}, trust_map=b"map"))
    assert not item.output.exists()


def test_an_output_that_is_written_in_windows_is_recorded_with_its_notes(tmp_path: Path) -> None:
    def write(file: BufferedRandom) -> list[str]:
        file.write(b"0123")
        return ["a note"]

    manifest, item = OutputManifest(tmp_path, {"model": "m"}), OutputItem(tmp_path / "a.tif")
    with manifest.open():
        manifest.write_with(item, "0", write)
        with pytest.raises(FileExistsError, match="another program"):
            manifest.write_with(item, "1", write)
    assert item.output.read_bytes() == b"0123"
    again = OutputManifest(tmp_path, {"model": "m"})
    todo, skipped, notes = find_remaining(again, [item], lambda _: "0")
    assert (todo, skipped, [note.message for note in notes]) == ([], 1, ["a note"])
