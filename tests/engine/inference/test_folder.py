"""A folder comes out whole, every picture is accounted for, and a rerun does only what is left."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from textwrap import dedent
from typing import Any

import image_inversion
import numpy as np
import pytest
import two_processes
from image_inversion import MODEL, Invert, counts, file_digests, translate
from PIL import Image
from torch import Tensor

from translate.engine.disk import files, json_files
from translate.engine.inference import pipeline
from translate.errors import ConfigError, NothingUsableError, PluginError, SaveError


def pixels(path: Path) -> Any:
    return np.asarray(Image.open(path)).astype(int)


def problems(out: Path) -> list[dict[str, Any]]:
    lines = json_files.read_lines(out / "problems.jsonl")
    return [line for line in lines if line["reason"] != "note"]


def notes(out: Path) -> list[tuple[str, str]]:
    lines = json_files.read_lines(out / "problems.jsonl")
    assert all(line["stage"] == "read" for line in lines if line["reason"] == "note")
    return [(Path(x["path"]).name, x["message"]) for x in lines if x["reason"] == "note"]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Return a folder of pictures of many sizes, kinds and formats, none of them white."""
    random, root = np.random.default_rng(0), tmp_path / "in"
    for name, shape in {
        "a.png": (5, 9, 3), "b.png": (9, 5, 3), "c.png": (5, 9, 3), "deep/d.webp": (1, 1, 3),
        "deep/e.bmp": (5, 9, 3), "deep/er/f.tif": (7, 7), "deep/er/g.ppm": (2, 3, 3),
        "h.gif": (4, 4), "i.jpg": (16, 16, 3),
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 200, shape, np.uint8)).save(root / name)
    return root


@pytest.mark.parametrize("batch_size", [1, 3])
def test_tree_names_sizes_and_pixels_are_kept(mixed: Path, tmp_path: Path, batch_size: int) -> None:
    out = tmp_path / "out"
    assert counts(translate(mixed, out, batch_size=batch_size)) == (9, 0, 0)
    before = {path.relative_to(mixed).as_posix() for path in mixed.rglob("*.*")}
    assert set(file_digests(out)) == before - {"h.gif"} | {"h.png"}
    for name in before - {"h.gif", "i.jpg"}:
        expected = 255 - pixels(mixed / name)
        if expected.ndim == 2:
            expected = np.stack([expected] * 3, axis=-1)
        assert (pixels(out / name) == expected).all(), name
    assert abs(pixels(out / "i.jpg") - 255 + pixels(mixed / "i.jpg")).mean() < 4
    assert not problems(out)


def test_I8_the_batch_size_changes_no_file(mixed: Path, tmp_path: Path) -> None:
    for size in (1, 2, 8):
        translate(mixed, tmp_path / f"out{size}", batch_size=size)
    assert (
        file_digests(tmp_path / "out1")
        == file_digests(tmp_path / "out2")
        == file_digests(tmp_path / "out8")
    )


def test_batches_hold_one_size_and_at_most_so_many(mixed: Path, tmp_path: Path) -> None:
    shapes: list[tuple[int, ...]] = []
    watching = replace(MODEL, recipe=Invert(lambda images: shapes.append(tuple(images.shape))))
    translate(mixed, tmp_path / "out", watching, batch_size=2)
    assert sorted(shape[0] for shape in shapes) == [1, 1, 1, 1, 1, 1, 1, 2]
    assert (2, 3, 5, 9) in shapes


def test_a_rerun_skips_what_is_there_and_right(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    translate(mixed, out, limit=4)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert counts(translate(mixed, out)) == (5, 4, 0)
    assert all(
        path.stat().st_mtime_ns == before[path] for path in out.rglob("*.png") if path in before
    )
    assert counts(translate(mixed, out)) == (0, 9, 0)


@pytest.mark.parametrize("change", ["model", "options", "side", "input", "output", "record"])
def test_I2_outputs_made_otherwise_are_not_taken_for_done(
    mixed: Path, tmp_path: Path, change: str
) -> None:
    out, model, options = tmp_path / "out", MODEL, dict[str, Any]()
    translate(mixed, out)
    before = file_digests(out)
    match change:
        case "model":
            model = replace(MODEL, digest="def")
        case "options":
            options = {"to": "a"}
        case "side":
            model, options = replace(MODEL, sides=("left", "right")), {"side": "left"}
        case "input":
            Image.new("RGB", (5, 9)).save(mixed / "c.png")
        case "output":
            (out / "c.png").write_bytes(b"mine")
            before = file_digests(out)
        case "record":
            (out / ".translate/done.jsonl").unlink()
    with pytest.raises(ConfigError, match="--overwrite"):
        translate(mixed, out, model, **options)
    assert file_digests(out) == before
    one = change in ("input", "output")
    expected = (1, 8, 0) if one else (8, 0, 1) if change == "side" else (9, 0, 0)
    assert counts(translate(mixed, out, model, overwrite=True, **options)) == expected
    if change != "side":
        assert counts(translate(mixed, out, model, **options)) == (0, 9, 0)


def test_a_missing_output_is_made_again(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    translate(mixed, out)
    before = file_digests(out)
    (out / "deep/d.webp").unlink()
    assert counts(translate(mixed, out)) == (1, 8, 0)
    assert file_digests(out) == before


@pytest.mark.parametrize("batch_size", [1, 4])
def test_D1_unreadable_images_are_listed_and_the_others_translated(
    mixed: Path, tmp_path: Path, batch_size: int
) -> None:
    translate(mixed, tmp_path / "good")
    whole = (mixed / "i.jpg").read_bytes()
    bad = {
        "a0.png": b"", "b0.jpg": whole[: len(whole) // 2], "c0.jpg": b"<html>", "d0.png": b"%!PS"
    }  # fmt: skip
    for name, data in bad.items():
        (mixed / name).write_bytes(data)
    (mixed / "z.png").symlink_to("nowhere")
    out, logged = tmp_path / "out", list[str]()
    assert counts(translate(mixed, out, logged=logged, batch_size=batch_size)) == (9, 0, 5)
    listed = problems(out)
    assert {Path(line["path"]).name for line in listed} == {*bad, "z.png"}
    assert {tuple(line) for line in listed} == {("path", "stage", "reason", "message")}
    assert sum("a0.png: an empty file" in line for line in logged) == 1
    (out / "problems.jsonl").unlink()
    assert file_digests(out) == file_digests(tmp_path / "good")


def test_problems_are_those_of_the_last_run(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (mixed / "bad.png").touch()
    for _ in range(2):
        translate(mixed, out)
        assert len(problems(out)) == 1
    (mixed / "bad.png").unlink()
    translate(mixed, out)
    assert not problems(out)


def test_I10_a_result_that_is_not_finite_is_listed_not_written(mixed: Path, tmp_path: Path) -> None:
    Image.new("RGB", (5, 9), "white").save(mixed / "c.png")
    out = tmp_path / "out"
    assert counts(translate(mixed, out, batch_size=4)) == (8, 0, 1)
    assert problems(out)[0]["reason"] == "not finite"
    assert not (out / "c.png").exists()


def test_a_picture_over_the_limit_is_listed(mixed: Path, tmp_path: Path) -> None:
    assert counts(translate(mixed, tmp_path / "out", max_pixels=200)) == (8, 0, 1)
    assert problems(tmp_path / "out")[0]["path"].endswith("i.jpg")


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x.png").touch()
    with pytest.raises(NothingUsableError, match="not one of 1") as error:
        translate(tmp_path / "in", tmp_path / "out")
    assert error.value.exit_code == 4 and len(problems(tmp_path / "out")) == 1


def test_too_little_memory_halves_the_batch_then_lists(mixed: Path, tmp_path: Path) -> None:
    def need(images: Tensor) -> None:
        if images.numel() > 400:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9")

    small = replace(MODEL, recipe=Invert(need))
    out = tmp_path / "out"
    assert counts(translate(mixed, out, small, batch_size=3)) == (8, 0, 1)
    assert problems(out)[0]["path"].endswith("i.jpg") and problems(out)[0]["reason"] == "memory"


def test_G12_a_bug_in_a_recipe_is_no_problem_of_the_picture(mixed: Path, tmp_path: Path) -> None:
    def fail(_: Tensor) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(PluginError, match=r"Invert.translate raised .*shapes do not match") as e:
        translate(mixed, tmp_path / "out", replace(MODEL, recipe=Invert(fail)))
    assert f"{image_inversion.__file__}, line " in str(e.value)


def test_G12_a_picture_that_a_recipe_cannot_translate_is_listed_and_the_others_are_done(
    mixed: Path, tmp_path: Path
) -> None:
    seen: list[Tensor] = []

    def fail(batch: Tensor) -> None:
        seen.append(batch)
        if len(seen) == 2:
            raise KeyError("odd")

    logged: list[str] = []
    model = replace(MODEL, recipe=Invert(fail))
    assert translate(mixed, tmp_path / "out", model, logged=logged).done > 1
    assert any("Invert.translate raised KeyError: 'odd'" in line for line in logged)


def test_I3_a_full_disk_is_listed_and_stops_after_three_images(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WRITERS", 1)
    whole, out, full = files.replace, tmp_path / "out", {"b.png", "c.png"}

    def refuse(path: Path, data: bytes) -> None:
        if path.name in full:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(path, data)

    monkeypatch.setattr(files, "replace", refuse)
    assert counts(translate(mixed, out)) == (7, 0, 2)
    assert {(line["stage"], line["reason"]) for line in problems(out)} == {("write", "ENOSPC")}
    full |= {"f.tif", "g.ppm", "d.webp", "e.bmp"}
    with pytest.raises(SaveError, match="3 images in a row") as error:
        translate(mixed, tmp_path / "out2")
    assert error.value.exit_code == 6
    monkeypatch.undo()
    assert counts(translate(mixed, out)) == (2, 7, 0)


def test_I3_a_file_size_limit_leaves_no_truncated_image(mixed: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 200, (90, 90, 3), np.uint8)
    for name in ("b0.bmp", "c0.png", "deep/d0.ppm", "i0.tif"):
        Image.fromarray(noise).save(mixed / name)
    translate(mixed, tmp_path / "whole")
    out = tmp_path / "out"

    def limited(_: int) -> tuple[int, int, int]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))  # of this forked process
        return counts(translate(mixed, out))

    assert two_processes.run(limited, world=1) == [(9, 0, 4)]
    assert [(line["stage"], line["reason"]) for line in problems(out)] == [("write", "EFBIG")] * 4
    (out / "problems.jsonl").unlink()
    assert file_digests(out).items() < file_digests(tmp_path / "whole").items()
    assert counts(translate(mixed, out)) == (4, 9, 0)
    assert file_digests(out) == file_digests(tmp_path / "whole")


def test_a_picture_its_format_is_too_small_for_is_listed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, width in (("a.webp", 8000), ("b.webp", 8192)):
        Image.new("RGB", (width, 1)).save(tmp_path / "in" / name)
    out = tmp_path / "out"
    assert counts(translate(tmp_path / "in", out, size=2)) == (1, 0, 1)
    assert problems(out)[0]["stage"] == "encode"


def test_D7_the_first_frame_is_translated_and_the_others_are_mentioned(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    frames = [Image.new("L", (4, 4), level) for level in (0, 90)]
    frames[0].save(tmp_path / "in/x.gif", save_all=True, append_images=frames[1:])
    out = tmp_path / "out"
    assert counts(translate(tmp_path / "in", out)) == (1, 0, 0)
    assert ("x.gif", "only the first of 2 frames is read") in notes(out)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_D7_frames_all_translates_every_frame(batch_size: int, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    levels = (0, 90, 180)
    for name, sizes in {"x.gif": (4, 4, 4), "y.tif": (4, 5, 6), "z.png": (4,)}.items():
        pages = [Image.new("L", (n, n), level) for n, level in zip(sizes, levels, strict=False)]
        pages[0].save(source / name, save_all=len(pages) > 1, append_images=pages[1:])
    go = {"frames": "all", "batch_size": batch_size}
    assert counts(translate(source, out, **go)) == (7, 0, 0)
    expected = {f"{n}.{i:04}{s}" for n, s in {"x": ".png", "y": ".tif"}.items() for i in (1, 2, 3)}
    assert set(file_digests(out)) == {*expected, "z.png"}
    assert not problems(out)
    for number, level in enumerate(levels, start=1):
        assert (pixels(out / f"x.{number:04}.png") == 255 - level).all()
        page = pixels(out / f"y.{number:04}.tif")
        assert page.shape == (3 + number, 3 + number, 3)
        assert (page == 255 - level).all()
    assert counts(translate(source, out, **go)) == (0, 7, 0)
    assert counts(translate(source, tmp_path / "few", frames="all", max_pixels=20)) == (5, 0, 2)
    Image.new("L", (4, 4)).save(source / "x.0002.png")
    with pytest.raises(ConfigError, match=r"two images would become .*x\.0002\.png"):
        translate(source, tmp_path / "other", frames="all")


def profile(space: bytes) -> bytes:
    """Return as much of a colour profile as anybody here looks at."""
    return bytes(16) + space + bytes(112)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_I11_profiles_are_kept_and_places_only_where_they_are_wanted(
    suffix: str, tmp_path: Path
) -> None:
    exif, source = Image.Exif(), tmp_path / "in"
    exif[0x0112], exif[0x010F] = 6, "a camera"
    exif.get_ifd(0x8825)[1] = "N"
    source.mkdir()
    Image.new("RGB", (6, 4)).save(source / f"x{suffix}", exif=exif, icc_profile=profile(b"RGB "))
    Image.new("L", (6, 4)).save(source / f"gray{suffix}", icc_profile=profile(b"GRAY"))
    translate(source, tmp_path / "out")
    translate(source, tmp_path / "kept", keep_metadata=True)
    for name, camera in (("out", None), ("kept", "a camera")):
        with Image.open(tmp_path / name / f"x{suffix}") as image:
            found = image.getexif()
            assert image.size == (4, 6)
            assert image.info["icc_profile"] == profile(b"RGB ")
            assert (found.get(0x010F), found.get(0x0112)) == (camera, None)
            if suffix != ".tif":  # where Pillow has not written it
                assert dict(found.get_ifd(0x8825)) == ({1: "N"} if camera else {})
        with Image.open(tmp_path / name / f"gray{suffix}") as image:
            assert image.mode == "RGB"
            assert suffix == ".tif" or not image.getexif(), "there was none"
            assert "icc_profile" not in image.info, "it is a profile of gray"
    with pytest.raises(ConfigError, match="--overwrite"):
        translate(source, tmp_path / "out", keep_metadata=True)


def test_damaged_or_endless_metadata_is_no_reason_to_leave_a_picture_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    long = Image.Exif()
    long[0x010E] = "x" * 66_000
    for name, exif in {"a.png": b"Exif\0\0II*\0\xff\xff\xff\xff", "b.webp": long}.items():
        Image.new("RGB", (6, 4)).save(tmp_path / "in" / name, exif=exif)
    summary = translate(tmp_path / "in", tmp_path / "out", keep_metadata=True, format="jpg")
    assert counts(summary) == (2, 0, 0)


def test_D4_information_that_images_lose_is_listed_for_each(mixed: Path, tmp_path: Path) -> None:
    for name in ("h.gif", "deep/er/f.tif"):
        (mixed / name).unlink()
    logged: list[str] = []
    translate(mixed, tmp_path / "plain", logged=logged)
    assert not logged
    white, deep = "transparency is composited over white", "16 bits a channel become 8"
    expected = []
    for name, mode, colour, text in (
        ("b1.png", "RGBA", (9, 9, 9, 255), white),
        ("b2.tif", "CMYK", (0, 0, 0, 99), "CMYK becomes RGB"),
        ("b3.png", "P", 3, "a palette becomes RGB"), ("b4.png", "I;16", 9, deep),
        ("b5.png", "LA", (9, 255), white),
    ):  # fmt: skip
        Image.new(mode, (4, 4), colour).save(mixed / name)
        expected.append((name, text))
    assert counts(translate(mixed, tmp_path / "out", logged=logged)) == (12, 0, 0)
    assert sorted(notes(tmp_path / "out")) == expected
    assert logged == [
        *(f"{mixed / name}: {text}" for name, text in (expected[0], expected[1], expected[3])),
        f"notes on what images lost are in {tmp_path / 'out/problems.jsonl'}: "
        "alpha 2, colour 2, depth 1",
    ]
    (tmp_path / "out/b3.png").unlink()
    logged.clear()
    assert counts(translate(mixed, tmp_path / "out", logged=logged)) == (1, 11, 0)
    assert sorted(notes(tmp_path / "out")) == expected  # also of what was there already
    assert logged == [f"{mixed / 'b3.png'}: a palette becomes RGB"]


def test_sides_and_sizes(tmp_path: Path) -> None:
    joined = np.zeros((10, 21, 3), np.uint8)
    joined[:, 10:20] = 100
    (tmp_path / "in").mkdir()
    Image.fromarray(joined).save(tmp_path / "in/x.png")
    pairs = replace(MODEL, sides=("left", "right"))
    for side, level in {"left": 255, "right": 155}.items():
        translate(tmp_path / "in", tmp_path / side, pairs, side=side)
        assert pixels(tmp_path / side / "x.png").tolist() == [[[level] * 3] * 10] * 10
    translate(tmp_path / "in", tmp_path / "small", pairs, side="left", size=4)
    assert pixels(tmp_path / "small/x.png").shape == (4, 4, 3)


def test_D24_a_side_by_side_image_is_never_translated_as_one_image(
    mixed: Path, tmp_path: Path
) -> None:
    pairs = replace(MODEL, sides=("a", "b"))
    with pytest.raises(ConfigError, match=r"--side a translates that half .* --side whole is for"):
        translate(mixed, tmp_path / "out", pairs)
    assert not list((tmp_path / "out").glob("*"))
    one = translate(mixed, tmp_path / "one", pairs, side="whole")
    other = translate(mixed, tmp_path / "other", MODEL)
    assert counts(one) == counts(other)
    translate(mixed, tmp_path / "one", MODEL)  # nothing else was made: it is skipped


def test_D21_every_name_is_written_and_counted(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    pool = image_folder("pool", 3)
    for label, count in {"young": 2, "male": 3}.items():
        (tmp_path / "faces" / label).mkdir(parents=True)
        for path in sorted(pool.iterdir())[:count]:
            (tmp_path / "faces" / label / path.name).symlink_to(path)
    os.link(pool / "0000.png", tmp_path / "faces/hard.png")
    (tmp_path / "faces/dead.png").symlink_to("nowhere")
    summary = translate(tmp_path / "faces", tmp_path / "out")
    assert (summary.inputs, *counts(summary)) == (7, 6, 0, 1)
    assert len(list((tmp_path / "out").rglob("*.png"))) == 6
    again = translate(tmp_path / "faces", tmp_path / "out")
    assert (again.inputs, *counts(again)) == (7, 0, 6, 1)


def test_D21_an_image_that_is_lost_on_the_way_is_noticed(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs = done + skipped + listed: the program holds itself to it."""
    run = pipeline.Pipeline.run
    monkeypatch.setattr(pipeline.Pipeline, "run", lambda *given: islice(run(*given), 2))
    monkeypatch.setattr("translate.engine.inference.folder.closing", nullcontext)
    with pytest.raises(AssertionError, match="1 images were lost on the way"):
        translate(image_folder("in", 3), tmp_path / "out")


def test_D13_files_without_an_image_suffix_are_named_with_what_to_do(
    mixed: Path, tmp_path: Path
) -> None:
    (mixed / "scan.DCM").touch()
    (mixed / "captions.jsonl").touch()
    logged: list[str] = []
    translate(mixed, tmp_path / "out", logged=logged)
    (line,) = [line for line in logged if line.startswith("skipped")]
    assert line == (
        f"skipped 1 file without an image suffix (1 .dcm): {mixed / 'scan.DCM'}; .dcm: not read, "
        "save its slices as 16-bit PNG or TIFF (pydicom reads it)"
    )


def test_a_picture_over_twice_the_size_trained_on_is_mentioned_once(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    for size, times in {64: 0, 65: 1}.items():
        logged: list[str] = []
        translate(image_folder(f"in{size}", 3, size=size), tmp_path / f"out{size}", logged=logged)
        assert sum("over twice the 32" in line for line in logged) == times
    logged = []
    translate(tmp_path / "in65", tmp_path / "scaled", logged=logged, size=40)
    assert not logged
    logged = []
    any_size = replace(MODEL, unscaled=True)  # it learnt from crops of pictures as they are
    translate(tmp_path / "in65", tmp_path / "unscaled", any_size, logged=logged)
    assert not logged


def test_a_stop_finishes_what_is_begun_and_a_rerun_the_rest(mixed: Path, tmp_path: Path) -> None:
    translate(mixed, tmp_path / "whole")
    asked: list[Tensor] = []
    stopping = replace(MODEL, recipe=Invert(asked.append))
    summary = translate(mixed, tmp_path / "out", stopping, stop=lambda: len(asked) >= 2)
    assert (summary.done, summary.left) == (2, 7)
    assert counts(translate(mixed, tmp_path / "out")) == (7, 2, 0)
    assert file_digests(tmp_path / "out") == file_digests(tmp_path / "whole")


def test_processes_share_the_pictures_and_know_of_each_other(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translate(mixed, tmp_path / "whole")
    (mixed / "bad.png").touch()
    out, done = tmp_path / "out", []
    monkeypatch.setenv("WORLD_SIZE", "3")
    for rank in "012":
        monkeypatch.setenv("RANK", rank)
        done.append(counts(translate(mixed, out)))
    assert done == [(4, 0, 0), (3, 0, 0), (2, 0, 1)]
    records = sorted(path.name for path in (out / ".translate").iterdir())
    assert records == ["done-1.jsonl", "done-2.jsonl", "done.jsonl", "lock"]
    (out / "problems-2.jsonl").unlink()
    assert file_digests(out) == file_digests(tmp_path / "whole")
    monkeypatch.delenv("RANK")
    monkeypatch.delenv("WORLD_SIZE")
    assert counts(translate(mixed, out)) == (0, 9, 1)


KILLED = """
    import os, sys, signal
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    import image_inversion
    source, out, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

    def run(out, kill_at):
        child = os.fork()
        if not child:
            count = 0
            def counted(call):
                def operation(*arguments):
                    nonlocal count
                    count += 1
                    if count == kill_at:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return call(*arguments)
                return operation
            if kill_at:
                os.write, os.fsync, os.replace = map(counted, (os.write, os.fsync, os.replace))
            image_inversion.translate(source, out)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    run(out / "whole", 0)
    whole, killed = image_inversion.file_digests(out / "whole"), 0
    for at in range(1, last, 3):
        here = out / str(at)
        killed += run(here, at) == -signal.SIGKILL
        seen = {{k: v for k, v in image_inversion.file_digests(here).items() if ".part-" not in k}}
        assert seen.items() <= whole.items(), (at, seen)
        assert run(here, 0) == 0, at
        assert image_inversion.file_digests(here) == whole, at
    print(killed)
"""


def test_I1_a_rerun_completes_a_folder_after_a_kill_at_any_moment(
    mixed: Path, tmp_path: Path
) -> None:
    code = dedent(KILLED.format(tests=str(Path(__file__).parents[2] / "support")))
    command = [sys.executable, "-c", code, str(mixed), str(tmp_path / "out"), "40"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
