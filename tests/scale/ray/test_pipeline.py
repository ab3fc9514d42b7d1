"""On a Ray cluster every image is translated or listed once, even if workers are killed."""

import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import small_checkpoints
from image_inversion import file_digests, listed_problems
from page_blocks import blocks_run_by
from PIL import Image
from s3_server import running_s3_server
from subprocesses import ray_actors

from translate.api import Translator
from translate.engine.disk.records import json_files
from translate.engine.inference.inputs.jobs import Job
from translate.engine.models.options import InferenceOptions
from translate.folders.listing import find_images
from translate.images.files.tar_files import read_member
from translate.scale.ray.pipeline import RayPipeline

CRASHING_READER = """
import os
from pathlib import Path

read = Path.read_bytes
def read_bytes(path):
    if path.name == "poison.png":
        os.kill(os.getpid(), 11)
    return read(path)
Path.read_bytes = read_bytes
"""
"""a ``sitecustomize.py``: the process crashes when it reads poison.png, as a decoder might"""


def test_a_row_has_the_absolute_paths_and_the_frame_of_a_job(tmp_path: Path) -> None:
    pipeline = RayPipeline("run", tmp_path / "out", InferenceOptions())
    job = Job.of(Path("photos/a.tif"), tmp_path / "out/a.0002.png", Path("masks/a.png"), 2)
    assert pipeline._row(7, job) == {
        "index": 7,
        "path": str(Path("photos/a.tif").absolute()),
        "output": "a.0002.png",
        "mask": str(Path("masks/a.png").absolute()),
        "frame": 2,
    }
    assert pipeline._row(8, job._replace(mask=None, frame=None))["frame"] == -1


@pytest.mark.parametrize(
    ("count", "actors", "rows"), [(1, 1, 1), (9, 2, 2), (2000, 2, 64), (10**6, 8, 64)]
)
def test_tasks_are_small_enough_that_all_actors_have_several(
    count: int, actors: int, rows: int
) -> None:
    pipeline = RayPipeline("run", Path("out"), InferenceOptions(), actors=actors)
    assert pipeline._images_per_task(count) == rows


def test_no_jobs_start_no_cluster() -> None:
    assert not list(
        RayPipeline("run", Path("out"), InferenceOptions(), address="none").run([], bool)
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_checkpoints.cyclegan(tmp_path / "run")


@pytest.fixture
def start(tmp_path: Path, run: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start the command in the test's folder."""
    started: list[subprocess.Popen[str]] = []

    def call(*arguments: object, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "translate.scale.ray", str(run), "photos", "out"),
                *map(str, arguments),
            ],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_bucket_is_translated_into_a_bucket_with_the_bytes_of_infer(
    run: Path, tmp_path: Path, image_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3fs import S3FileSystem

    photos = image_folder("photos", 5)
    (photos / "bad.png").touch()
    with running_s3_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        files = S3FileSystem(skip_instance_cache=True)
        files.mkdir("bucket")
        files.put(str(photos), "bucket/in", recursive=True)
        command = [sys.executable, "-m", "translate.scale.ray", str(run), "s3://bucket/in"]
        command += ["s3://bucket/out", "--actors", "1"]
        for summary in ("5 done, 0 skipped (already there), 1", "0 done, 5 skipped"):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 3 and summary in done.stdout, done.stdout + done.stderr
        files.invalidate_cache()
        outputs = {
            name.rpartition("/")[2]: files.cat(name) for name in files.glob("bucket/out/*.png")
        }
        digests = files.cat(files.glob("bucket/out/.translate/digests-*.jsonl"))
    known_lines = {line for data in digests.values() for line in data.splitlines()}
    assert len(known_lines) == 10, "of inputs and outputs: the second command reads none of them"
    Translator.load(run, device="cpu").folder(photos, tmp_path / "expected")
    expected = {path.name: path.read_bytes() for path in (tmp_path / "expected").glob("*.png")}
    assert outputs == expected and len(outputs) == 5


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_2000_images_are_done_once_though_actors_are_killed(
    start: Callable[..., "subprocess.Popen[str]"], run: Path, shared_images: Path, tmp_path: Path
) -> None:
    photos, out, images = tmp_path / "photos", tmp_path / "out", []
    photos.mkdir()
    for path in sorted((shared_images / "horse2zebra").rglob("*.jpg"))[:200]:
        images.append(Image.open(path).convert("RGB").resize((80, 80)))
    for index in range(2000):
        x, y = divmod(index // len(images), 4)
        image = images[index % len(images)].crop((4 * x, 4 * y, 64 + 4 * x, 64 + 4 * y))
        image.save(photos / f"{index:04}.png")
    (photos / "0100.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    process, killed = start("--actors", 2), 0
    while process.poll() is None:
        done = len([*out.glob("*.png")]) if out.exists() else 0
        if done > 300 * (killed + 1) and killed < 3 and (actors := ray_actors(process.pid)):
            os.kill(actors[killed % len(actors)], 9)
            killed += 1
        time.sleep(0.05)
    text = process.communicate()[0]
    assert (process.returncode, killed) == (3, 3), text
    assert "1999 done, 0 skipped (already there), 1 listed" in text
    assert [Path(line["path"]).name for line in listed_problems(out)] == ["0100.png"]
    records = Counter(
        line["output"]
        for path in (out / ".translate").glob("done*.jsonl")
        for line in json_files.read_lines(path)
    )
    assert len(records) == 1999
    Translator.load(run, device="cpu").folder(photos, tmp_path / "expected")
    assert file_digests(out) == file_digests(tmp_path / "expected")
    second = start("--actors", 1)
    assert "0 done, 1999 skipped (already there), 1 listed" in second.communicate(timeout=200)[0]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_after_a_signal_the_next_command_translates_the_remaining_images(
    start: Callable[..., "subprocess.Popen[str]"],
    run: Path,
    image_folder: Callable[..., Path],
    tmp_path: Path,
) -> None:
    photos, out = image_folder("photos", 400), tmp_path / "out"
    process = start("--actors", 1)
    while process.poll() is None and len([*out.glob("*.png")]) < 20:
        time.sleep(0.05)
    process.terminate()
    text = process.communicate(timeout=200)[0]
    assert process.returncode == 143 and " not started" in text, text
    assert 20 <= len([*out.glob("*.png")]) < 400
    process = start("--actors", 1)
    assert " 0 listed" in process.communicate(timeout=300)[0] and process.returncode == 0
    Translator.load(run, device="cpu").folder(photos, tmp_path / "expected")
    assert file_digests(out) == file_digests(tmp_path / "expected")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_image_that_crashes_each_process_is_listed_and_the_others_are_translated(
    start: Callable[..., "subprocess.Popen[str]"],
    image_folder: Callable[..., Path],
    tmp_path: Path,
) -> None:
    folder = image_folder("photos", 6)
    shutil.copy(folder / "0000.png", folder / "poison.png")
    (tmp_path / "path").mkdir()
    (tmp_path / "path/sitecustomize.py").write_text(CRASHING_READER)
    process = start("--actors", 1, PYTHONPATH=str(tmp_path / "path"))
    text = process.communicate(timeout=500)[0]
    assert process.returncode == 3, text
    assert "6 done, 0 skipped (already there), 1 listed" in text
    (problem,) = listed_problems(tmp_path / "out")
    assert problem["path"].endswith("poison.png") and problem["reason"] == "crashed"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_programs_of_the_page_work_as_printed(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    programs = [block.text for block in blocks_run_by(__file__)]
    assert len(programs) == 3
    photos = image_folder("photos", 5)
    (photos / "z.png").write_bytes(b"")
    (tmp_path / "shards").mkdir()
    with tarfile.open(tmp_path / "shards/00.tar", "w") as archive:
        for path in photos.iterdir():
            archive.add(path, path.name)
    run = small_checkpoints.cyclegan(tmp_path / "runs/first")
    (tmp_path / "program.py").write_text("".join(programs))
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    translator = Translator.load(run, device="cpu")
    translator.folder(photos, tmp_path / "expected", format="webp")
    assert file_digests(tmp_path / "out") == file_digests(tmp_path / "expected")
    assert [line["reason"] for line in listed_problems(tmp_path / "out")] == ["unreadable"]
    assert done.stdout.count(".webp', '')") == 5 and "an empty file" in done.stdout, "by Dask"
    translator.folder(photos, tmp_path / "png")
    images = find_images(tmp_path / "translated")
    expected = {path.name: path.read_bytes() for path in (tmp_path / "png").glob("*.png")}
    assert {path.name: read_member(path) for path in images} == expected
    assert [line["reason"] for line in listed_problems(tmp_path / "translated")] == ["unreadable"]
