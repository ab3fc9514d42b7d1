"""Each input is opened once, and its record has the hash of the decoded bytes."""

from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hole_filling import FILLER, translate_images
from image_inversion import translate
from PIL import Image

from translate.engine.disk.records import json_files
from translate.engine.inference.inputs import sources
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.errors import BadImage
from translate.images.source import HEADER_BYTES

PHOTO = np.random.default_rng(0).integers(20, 200, (9, 13, 3), np.uint8)


def save(path: Path, pixels: Any, *frames: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    more = {"save_all": True, "append_images": [*map(Image.fromarray, frames)]} if frames else {}
    Image.fromarray(pixels).save(path, **more)
    return path


def input_hashes(out: Path) -> dict[str, str]:
    """Return the SHA-256 of the input of each output, by the output's name."""
    lines = json_files.read_lines(out / ".translate/done.jsonl")
    return {line["output"]: line["input_sha256"] for line in lines}


def opens_of(open_counts: Counter[str], *folders: str) -> dict[str, int]:
    """Return how often each file of the folders was opened."""
    return {path: n for path, n in open_counts.items() if path.partition("/")[0] in folders}


@pytest.mark.parametrize("batch_size", [1, 3])
def test_each_input_is_opened_once(
    batch_size: int, open_counts: Counter[str], tmp_path: Path
) -> None:
    for number in range(4):
        save(tmp_path / f"in/{number}.png", PHOTO)
    translate(tmp_path / "in", tmp_path / "out", batch_size=batch_size)
    assert len(input_hashes(tmp_path / "out")) == 4
    assert opens_of(open_counts, "in") == {f"in/{number}.png": 1 for number in range(4)}


@pytest.mark.parametrize("batch_size", [1, 3])
def test_each_input_and_mask_is_opened_once(
    batch_size: int, open_counts: Counter[str], tmp_path: Path
) -> None:
    hole = np.zeros((9, 13), np.uint8)
    hole[2:5, 3:9] = 255
    for number in range(4):
        save(tmp_path / f"in/{number}.png", PHOTO)
        save(tmp_path / f"masks/{number}.bmp", hole)
    options = {"mask": tmp_path / "masks", "batch_size": batch_size}
    result = translate_images(tmp_path / "in", tmp_path / "out", FILLER, **options)
    assert len(input_hashes(tmp_path / "out")) == 4, result
    images = [f"in/{number}.png" for number in range(4)]
    masks = [f"masks/{number}.bmp" for number in range(4)]
    assert opens_of(open_counts, "in", "masks") == dict.fromkeys([*images, *masks], 1)


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("frames", ["first", "all"])
def test_a_file_of_several_frames_is_opened_once(
    batch_size: int, frames: str, open_counts: Counter[str], tmp_path: Path
) -> None:
    for number in range(3):
        save(tmp_path / f"in/{number}.tif", PHOTO, PHOTO[::-1], PHOTO[:, ::-1])
    translate(tmp_path / "in", tmp_path / "out", frames=frames, batch_size=batch_size)
    assert len(input_hashes(tmp_path / "out")) == (9 if frames == "all" else 3)
    assert opens_of(open_counts, "in") == {f"in/{number}.tif": 1 for number in range(3)}


def test_a_rerun_opens_each_input_once(open_counts: Counter[str], tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"in/{number}.png", PHOTO)
    translate(tmp_path / "in", tmp_path / "out")
    open_counts.clear()
    save(tmp_path / "in/1.png", PHOTO[::-1])
    translate(tmp_path / "in", tmp_path / "out", overwrite=True)
    assert opens_of(open_counts, "in") == {f"in/{number}.png": 1 for number in range(3)}


def test_the_record_of_a_file_that_is_replaced_during_the_run_has_the_decoded_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, real_read = save(tmp_path / "in/a.png", PHOTO), Path.read_bytes
    before, other = path.read_bytes(), np.full_like(PHOTO, 90)

    def read_and_replace(file: Path) -> bytes:
        data = real_read(file)
        if file == path:
            save(path, other)
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_replace)
    translate(tmp_path / "in", tmp_path / "out")
    monkeypatch.undo()
    assert input_hashes(tmp_path / "out") == {"a.png": sha256(before).hexdigest()}
    assert (np.asarray(Image.open(tmp_path / "out/a.png")) == 255 - PHOTO).all()
    translate(tmp_path / "in", tmp_path / "out", overwrite=True)
    assert (np.asarray(Image.open(tmp_path / "out/a.png")) == 255 - other).all()


def job(path: Path, **args: Any) -> Job:
    return Job.of(path, path.with_suffix(".out.png"))._replace(**args)


def test_inputs_beyond_the_memory_limit_are_opened_again(
    open_counts: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "CACHE_BYTES", 0)
    for number in range(3):
        save(tmp_path / f"in/{number}.png", PHOTO)
    assert translate(tmp_path / "in", tmp_path / "out", batch_size=3).done == 3
    assert opens_of(open_counts, "in") == {f"in/{number}.png": 2 for number in range(3)}


def test_an_input_is_kept_until_its_last_job(open_counts: Counter[str], tmp_path: Path) -> None:
    path = save(tmp_path / "x.tif", PHOTO, PHOTO[::-1], PHOTO[:, ::-1])
    jobs = [job(path, frame=frame) for frame in (0, 1, 2)]
    sources = Sources(10_000)
    sources.start(jobs)
    first, *others = [sources.take(each) for each in jobs]
    assert all(other is first for other in others)
    sources.take(jobs[0])
    assert open_counts == {"x.tif": 2}


def test_a_small_file_is_opened_once_if_large_ones_are_read_in_windows(
    open_counts: Counter[str], tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 600, 3), np.uint8)
    path = save(tmp_path / "x.tif", pixels)
    assert path.stat().st_size > HEADER_BYTES
    sources = Sources(pixels.size, windows=lambda _: True)
    source = sources.take(job(path))
    assert not source.is_large
    assert (source.decode(None, with_hole=False).layers.pixels == pixels).all()
    assert open_counts == {"x.tif": 1}
    assert source.sha256 == sha256(path.read_bytes()).hexdigest()
    with pytest.raises(BadImage, match="more than 9 pixels"):
        Sources(9, windows=lambda _: True).take(job(path)).decode(None, with_hole=False)


def test_the_digest_is_of_the_image_and_its_mask(tmp_path: Path) -> None:
    image, mask = save(tmp_path / "a.png", PHOTO), save(tmp_path / "b.png", PHOTO[..., 0])
    both = sha256(image.read_bytes() + mask.read_bytes()).hexdigest()
    assert Sources(10_000).digest(job(image)) == sha256(image.read_bytes()).hexdigest()
    assert Sources(10_000).digest(job(image, mask=mask)) == both
    assert Sources(10_000).digest(job(tmp_path / "absent.png")) is None


def test_a_missing_input_raises_bad_image_and_is_expected_no_longer(tmp_path: Path) -> None:
    sources, absent = Sources(10_000), job(tmp_path / "absent.png")
    sources.start([absent])
    with pytest.raises(BadImage):
        sources.take(absent)
    assert not sources._uses
