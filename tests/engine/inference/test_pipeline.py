"""Images are read, translated in batches of one size, and written in parallel."""

import resource
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path

import image_inversion
import numpy as np
import pytest
import two_processes
from image_inversion import (
    INVERTER,
    Invert,
    done_skipped_listed,
    file_digests,
    listed_problems,
    translate,
)
from PIL import Image
from torch import Tensor

from translate.engine.inference import pipeline
from translate.errors import PluginError


def test_P14_I8_the_batch_size_changes_no_file(mixed_folder: Path, tmp_path: Path) -> None:
    outs = [tmp_path / str(size) for size in (1, 2, 8)]
    for out in outs:
        translate(mixed_folder, out, batch_size=int(out.name))
    assert file_digests(outs[0]) == file_digests(outs[1]) == file_digests(outs[2])


@pytest.mark.parametrize("batch_size", [1, 4])
def test_P5_D1_unreadable_images_are_listed_and_the_others_translated(
    mixed_folder: Path, tmp_path: Path, batch_size: int
) -> None:
    translate(mixed_folder, tmp_path / "good")
    content = (mixed_folder / "i.jpg").read_bytes()
    bad = {
        "a0.png": b"", "b0.jpg": content[: len(content) // 2], "c0.jpg": b"<html>",
        "d0.png": b"%!PS",
    }  # fmt: skip
    for name, data in bad.items():
        (mixed_folder / name).write_bytes(data)
    (mixed_folder / "z.png").symlink_to("nowhere")
    out, logged = tmp_path / "out", list[str]()
    result = translate(mixed_folder, out, logged=logged, batch_size=batch_size)
    assert done_skipped_listed(result) == (9, 0, 5)
    problems = listed_problems(out)
    assert {Path(line["path"]).name for line in problems} == {*bad, "z.png"}
    assert {tuple(line) for line in problems} == {("path", "stage", "reason", "message")}
    assert sum("a0.png: an empty file" in line for line in logged) == 1
    (out / "problems.jsonl").unlink()
    assert file_digests(out) == file_digests(tmp_path / "good")


def test_I10_outputs_that_are_not_finite_are_listed(mixed_folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (5, 9), "white").save(mixed_folder / "c.png")  # white becomes NaN
    out = tmp_path / "out"
    assert done_skipped_listed(translate(mixed_folder, out, batch_size=4)) == (8, 0, 1)
    assert listed_problems(out)[0]["reason"] == "not finite"
    assert not (out / "c.png").exists()


def test_an_image_beyond_the_memory_is_listed(mixed_folder: Path, tmp_path: Path) -> None:
    def allocate(images: Tensor) -> None:
        if images.numel() > 400:  # the largest image has 768 values
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9")

    model, out = replace(INVERTER, recipe=Invert(allocate)), tmp_path / "out"
    assert done_skipped_listed(translate(mixed_folder, out, model, batch_size=3)) == (8, 0, 1)
    (problem,) = listed_problems(out)
    assert problem["path"].endswith("i.jpg") and problem["reason"] == "memory"


def test_a_batch_is_halved_until_it_fits_into_memory(image_folder: Callable[..., Path]) -> None:
    sizes: list[int] = []

    def allocate(images: Tensor) -> None:
        sizes.append(len(images))
        if len(images) > 2:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9")

    source = image_folder("photos", 8)
    model = replace(INVERTER, recipe=Invert(allocate))
    result = translate(source, source.parent / "out", model, batch_size=8)
    assert done_skipped_listed(result) == (8, 0, 0)
    assert sizes == [8, 4, 2, 2, 4, 2, 2]


def test_G12_a_bug_in_a_recipe_is_raised_and_not_listed(mixed_folder: Path, tmp_path: Path) -> None:
    def fail(_: Tensor) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(PluginError, match=r"Invert.translate raised .*shapes do not match") as e:
        translate(mixed_folder, tmp_path / "out", replace(INVERTER, recipe=Invert(fail)))
    assert f"{image_inversion.__file__}, line " in str(e.value)


def test_G12_an_image_that_a_recipe_cannot_translate_is_listed_and_the_rest_done(
    mixed_folder: Path, tmp_path: Path
) -> None:
    batches, logged = list[Tensor](), list[str]()

    def fail(batch: Tensor) -> None:
        batches.append(batch)
        if len(batches) == 2:
            raise KeyError("odd")

    model = replace(INVERTER, recipe=Invert(fail))
    assert translate(mixed_folder, tmp_path / "out", model, logged=logged).done > 1
    assert any("Invert.translate raised KeyError: 'odd'" in line for line in logged)


def test_I3_a_file_size_limit_leaves_no_truncated_image(mixed_folder: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 200, (90, 90, 3), np.uint8)
    for name in ("b0.bmp", "c0.png", "deep/d0.ppm", "i0.tif"):
        Image.fromarray(noise).save(mixed_folder / name)
    translate(mixed_folder, tmp_path / "whole")
    out = tmp_path / "out"

    def translate_with_limit(_: int) -> tuple[int, int, int]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))  # of this forked process
        return done_skipped_listed(translate(mixed_folder, out))

    assert two_processes.run(translate_with_limit, world=1) == [(9, 0, 4)]
    reasons = [(line["stage"], line["reason"]) for line in listed_problems(out)]
    assert reasons == [("write", "EFBIG")] * 4
    (out / "problems.jsonl").unlink()
    assert file_digests(out).items() < file_digests(tmp_path / "whole").items()
    assert done_skipped_listed(translate(mixed_folder, out)) == (4, 9, 0)
    assert file_digests(out) == file_digests(tmp_path / "whole")


def test_an_image_too_large_for_its_format_is_listed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, width in (("a.webp", 8000), ("b.webp", 8192)):
        Image.new("RGB", (width, 1)).save(tmp_path / "in" / name)
    out = tmp_path / "out"
    assert done_skipped_listed(translate(tmp_path / "in", out, size=2)) == (1, 0, 1)
    assert listed_problems(out)[0]["stage"] == "encode"


def test_D21_an_image_lost_in_the_pipeline_is_detected(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = pipeline.Pipeline.run
    monkeypatch.setattr(pipeline.Pipeline, "run", lambda *args: islice(run(*args), 2))
    monkeypatch.setattr("translate.engine.inference.folder.closing", nullcontext)
    with pytest.raises(AssertionError, match="1 images have no result"):
        translate(image_folder("in", 3), tmp_path / "out")


def test_a_rerun_continues_after_a_stopped_run(mixed_folder: Path, tmp_path: Path) -> None:
    translate(mixed_folder, tmp_path / "whole")
    batches: list[Tensor] = []
    stopping = replace(INVERTER, recipe=Invert(batches.append))
    summary = translate(mixed_folder, tmp_path / "out", stopping, stop=lambda: len(batches) >= 2)
    assert (summary.done, summary.remaining) == (2, 7)
    assert done_skipped_listed(translate(mixed_folder, tmp_path / "out")) == (7, 2, 0)
    assert file_digests(tmp_path / "out") == file_digests(tmp_path / "whole")
