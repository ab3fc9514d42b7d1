"""Folders are translated completely; a rerun translates only missing images."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from image_inversion import (
    INVERTER,
    done_skipped_listed,
    file_digests,
    listed_notes,
    listed_problems,
    read_pixels,
    translate,
    with_sides,
)
from PIL import Image

from translate.errors import ConfigError


@pytest.mark.parametrize("batch_size", [1, 3])
def test_outputs_keep_names_and_sizes(mixed_folder: Path, tmp_path: Path, batch_size: int) -> None:
    out = tmp_path / "out"
    assert done_skipped_listed(translate(mixed_folder, out, batch_size=batch_size)) == (9, 0, 0)
    before = {path.relative_to(mixed_folder).as_posix() for path in mixed_folder.rglob("*.*")}
    assert set(file_digests(out)) == before - {"h.gif"} | {"h.png"}
    for name in before - {"h.gif", "i.jpg"}:
        expected = 255 - read_pixels(mixed_folder / name)
        if expected.ndim == 2:
            expected = np.stack([expected] * 3, axis=-1)
        assert (read_pixels(out / name) == expected).all(), name
    assert abs(read_pixels(out / "i.jpg") - 255 + read_pixels(mixed_folder / "i.jpg")).mean() < 4
    assert not listed_problems(out)


def test_a_rerun_skips_correct_outputs(mixed_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    translate(mixed_folder, out, limit=4)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert done_skipped_listed(translate(mixed_folder, out)) == (5, 4, 0)
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert done_skipped_listed(translate(mixed_folder, out)) == (0, 9, 0)


@pytest.mark.parametrize("change", ["model", "options", "input", "output", "record"])
def test_I2_outputs_of_another_model_or_setting_are_translated_again(
    mixed_folder: Path, tmp_path: Path, change: str
) -> None:
    out, model, options = tmp_path / "out", INVERTER, dict[str, Any]()
    translate(mixed_folder, out)
    before = file_digests(out)
    match change:
        case "model":
            model = replace(INVERTER, digest="def")
        case "options":
            options = {"to": "a"}
        case "input":
            Image.new("RGB", (5, 9)).save(mixed_folder / "c.png")
        case "output":
            (out / "c.png").write_bytes(b"mine")
            before = file_digests(out)
        case "record":
            (out / ".translate/done.jsonl").unlink()
    with pytest.raises(ConfigError, match="--overwrite"):
        translate(mixed_folder, out, model, **options)
    assert file_digests(out) == before
    expected = {"input": (1, 8, 0), "output": (1, 8, 0)}
    overwritten = translate(mixed_folder, out, model, overwrite=True, **options)
    assert done_skipped_listed(overwritten) == expected.get(change, (9, 0, 0))
    assert done_skipped_listed(translate(mixed_folder, out, model, **options)) == (0, 9, 0)


def test_D7_the_first_frame_is_translated_and_the_others_are_mentioned(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    frames = [Image.new("L", (4, 4), level) for level in (0, 90)]
    frames[0].save(tmp_path / "in/x.gif", save_all=True, append_images=frames[1:])
    out = tmp_path / "out"
    assert done_skipped_listed(translate(tmp_path / "in", out)) == (1, 0, 0)
    assert ("x.gif", "only the first of 2 frames is read") in listed_notes(out)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_D7_frames_all_translates_every_frame(batch_size: int, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    levels = (0, 90, 180)
    for name, sizes in {"x.gif": (4, 4, 4), "y.tif": (4, 5, 6), "z.png": (4,)}.items():
        pages = [Image.new("L", (n, n), level) for n, level in zip(sizes, levels, strict=False)]
        pages[0].save(source / name, save_all=len(pages) > 1, append_images=pages[1:])
    options = {"frames": "all", "batch_size": batch_size}
    assert done_skipped_listed(translate(source, out, **options)) == (7, 0, 0)
    frames = {f"x.{i:04}.png" for i in (1, 2, 3)} | {f"y.{i:04}.tif" for i in (1, 2, 3)}
    assert set(file_digests(out)) == frames | {"z.png"}
    assert not listed_problems(out)
    for number, level in enumerate(levels, start=1):
        assert (read_pixels(out / f"x.{number:04}.png") == 255 - level).all()
        page = read_pixels(out / f"y.{number:04}.tif")
        assert page.shape == (3 + number, 3 + number, 3)
        assert (page == 255 - level).all()
    assert done_skipped_listed(translate(source, out, **options)) == (0, 7, 0)
    result = translate(source, tmp_path / "few", frames="all", max_pixels=20)
    assert done_skipped_listed(result) == (5, 0, 2)
    Image.new("L", (4, 4)).save(source / "x.0002.png")
    with pytest.raises(ConfigError, match=r"two images would become .*x\.0002\.png"):
        translate(source, tmp_path / "other", frames="all")


def test_one_half_of_side_by_side_images_is_translated(tmp_path: Path) -> None:
    joined = np.zeros((10, 21, 3), np.uint8)
    joined[:, 10:20] = 100
    (tmp_path / "in").mkdir()
    Image.fromarray(joined).save(tmp_path / "in/x.png")
    pairs = with_sides(INVERTER, "left", "right")
    for side, level in {"left": 255, "right": 155}.items():
        translate(tmp_path / "in", tmp_path / side, pairs, side=side)
        assert read_pixels(tmp_path / side / "x.png").tolist() == [[[level] * 3] * 10] * 10
    translate(tmp_path / "in", tmp_path / "small", pairs, side="left", size=4)
    assert read_pixels(tmp_path / "small/x.png").shape == (4, 4, 3)


def test_D24_side_by_side_images_need_a_side(mixed_folder: Path, tmp_path: Path) -> None:
    pairs = with_sides(INVERTER, "a", "b")
    with pytest.raises(ConfigError, match=r"Add --side a to .* that half .* --side whole for"):
        translate(mixed_folder, tmp_path / "out", pairs)
    assert not list((tmp_path / "out").glob("*"))
    whole = translate(mixed_folder, tmp_path / "whole", pairs, side="whole")
    assert done_skipped_listed(whole) == (9, 0, 0)
    rerun = translate(mixed_folder, tmp_path / "whole", INVERTER)
    assert done_skipped_listed(rerun) == (0, 9, 0), "the outputs are those of single images"


def test_D21_links_are_translated_and_counted_as_files(
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
    assert (summary.requested, *done_skipped_listed(summary)) == (7, 6, 0, 1)
    assert len(list((tmp_path / "out").rglob("*.png"))) == 6
    second = translate(tmp_path / "faces", tmp_path / "out")
    assert (second.requested, *done_skipped_listed(second)) == (7, 0, 6, 1)


def test_processes_split_the_images_and_merge_their_reports(
    mixed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translate(mixed_folder, tmp_path / "whole")
    (mixed_folder / "bad.png").touch()
    out, done = tmp_path / "out", []
    monkeypatch.setenv("WORLD_SIZE", "3")
    for rank in "012":
        monkeypatch.setenv("RANK", rank)
        done.append(done_skipped_listed(translate(mixed_folder, out)))
    assert done == [(4, 0, 0), (3, 0, 0), (2, 0, 1)]
    records = sorted(path.name for path in (out / ".translate").iterdir())
    assert records == ["done-1.jsonl", "done-2.jsonl", "done.jsonl", "lock"]
    (out / "problems-1.jsonl").unlink()
    (out / "problems-2.jsonl").unlink()
    assert file_digests(out) == file_digests(tmp_path / "whole")
    monkeypatch.undo()
    assert done_skipped_listed(translate(mixed_folder, out)) == (0, 9, 1)


KILL_AT_EACH_OPERATION = """
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
        outputs = out / str(at)
        killed += run(outputs, at) == -signal.SIGKILL
        digests = image_inversion.file_digests(outputs)
        complete = {{name: digest for name, digest in digests.items() if ".part-" not in name}}
        assert complete.items() <= whole.items(), (at, complete)
        assert run(outputs, 0) == 0, at
        assert image_inversion.file_digests(outputs) == whole, at
    print(killed)
"""


@pytest.mark.slow
def test_P7_I1_a_rerun_completes_a_folder_after_any_kill(
    mixed_folder: Path, tmp_path: Path
) -> None:
    code = dedent(KILL_AT_EACH_OPERATION.format(tests=str(Path(__file__).parents[2] / "support")))
    command = [sys.executable, "-c", code, str(mixed_folder), str(tmp_path / "out"), "40"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 10
