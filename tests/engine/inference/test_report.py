"""Every image is counted, every problem listed, and lost information logged once."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hole_filling import UPSCALING_MODEL
from image_inversion import INVERTER, done_skipped_listed, listed_notes, listed_problems, translate
from PIL import Image

from translate.engine.disk import files
from translate.engine.inference import pipeline
from translate.errors import SaveError


def test_problems_of_earlier_runs_are_not_listed(mixed_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (mixed_folder / "bad.png").touch()
    for _ in range(2):
        translate(mixed_folder, out)
        assert len(listed_problems(out)) == 1
    (mixed_folder / "bad.png").unlink()
    translate(mixed_folder, out)
    assert not listed_problems(out)


def test_I3_a_full_disk_is_listed_and_stops_after_three_images(
    mixed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WRITERS", 1)
    real_replace, out, refused = files.replace, tmp_path / "out", {"b.png", "c.png"}

    def refuse(path: Path, data: bytes) -> None:
        if path.name in refused:
            raise OSError(errno.ENOSPC, "No space left on device")
        real_replace(path, data)

    monkeypatch.setattr(files, "replace", refuse)
    assert done_skipped_listed(translate(mixed_folder, out)) == (7, 0, 2)
    reasons = {(line["stage"], line["reason"]) for line in listed_problems(out)}
    assert reasons == {("write", "ENOSPC")}
    refused |= {"f.tif", "g.ppm", "d.webp", "e.bmp"}
    with pytest.raises(SaveError, match="3 images in a row") as error:
        translate(mixed_folder, tmp_path / "out2")
    assert error.value.exit_code == 6
    monkeypatch.undo()
    assert done_skipped_listed(translate(mixed_folder, out)) == (2, 7, 0)


def test_D4_lost_information_is_listed_for_each_image(mixed_folder: Path, tmp_path: Path) -> None:
    for name in ("h.gif", "deep/er/f.tif"):
        (mixed_folder / name).unlink()
    logged: list[str] = []
    translate(mixed_folder, tmp_path / "plain", logged=logged)
    assert not logged
    expected = []
    for name, mode, colour, text in (
        ("b1.png", "RGBA", (9, 9, 9, 255), ""), ("b2.tif", "CMYK", (0, 0, 0, 99), "CMYK"),
        ("b3.png", "P", 3, "a palette"), ("b4.png", "I;16", 9, ""), ("b5.png", "LA", (9, 255), ""),
    ):  # fmt: skip
        Image.new(mode, (4, 4), colour).save(mixed_folder / name)
        expected += [(name, f"{text} becomes RGB")] if text else []
    result = translate(mixed_folder, tmp_path / "out", logged=logged)
    assert done_skipped_listed(result) == (12, 0, 0)
    assert sorted(listed_notes(tmp_path / "out")) == expected
    assert logged == [
        f"{mixed_folder / 'b2.tif'}: CMYK becomes RGB",
        f"notes on lost information are in {tmp_path / 'out/problems.jsonl'}: colour 2",
    ]
    (tmp_path / "out/b3.png").unlink()
    logged.clear()
    result = translate(mixed_folder, tmp_path / "out", logged=logged)
    assert done_skipped_listed(result) == (1, 11, 0)
    assert sorted(listed_notes(tmp_path / "out")) == expected  # also for existing outputs
    assert logged == [f"{mixed_folder / 'b3.png'}: a palette becomes RGB"]


def test_D13_other_files_are_named_with_what_to_do(mixed_folder: Path, tmp_path: Path) -> None:
    (mixed_folder / "scan.DCM").touch()
    (mixed_folder / "captions.jsonl").touch()
    logged: list[str] = []
    translate(mixed_folder, tmp_path / "out", logged=logged)
    (line,) = [line for line in logged if line.startswith("skipped")]
    assert line == (
        f"skipped 1 file without an image suffix (1 .dcm): {mixed_folder / 'scan.DCM'}; "
        ".dcm: not read, save its slices as 16-bit PNG or TIFF (pydicom reads it)"
    )


def test_images_over_twice_the_training_size_are_reported_once(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    logged: list[str] = []
    for size in (64, 65):
        source = image_folder(f"in{size}", 3, size=size)
        for path in source.iterdir():
            Image.open(path).point(lambda level: level // 2).save(path)  # resizing makes no white
        assert not logged
        translate(source, tmp_path / f"out{size}", logged=logged)
    assert sum("over twice the 32" in line for line in logged) == len(logged) == 1
    translate(source, tmp_path / "scaled", logged=logged, size=40)
    any_size = replace(INVERTER, unscaled=True)  # it was trained on crops of unscaled images
    translate(source, tmp_path / "unscaled", any_size, logged=logged)
    translate(source, tmp_path / "upscaled", UPSCALING_MODEL, logged=logged)
    assert len(logged) == 1, "the other runs report nothing"
