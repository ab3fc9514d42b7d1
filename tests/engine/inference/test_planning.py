"""Options in records, jobs of frames, and batches of images of one size."""

from pathlib import Path

import pytest
from image_inversion import INVERTER
from PIL import Image

from translate.engine.inference import planning
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.planning import jobs_of_one_size, make_processor, with_frames
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.errors import ConfigError


def test_the_record_has_the_chosen_domain_and_no_option_that_changes_no_output() -> None:
    options = InferenceOptions(batch_size=3, size=8)
    processor, made_by = make_processor(INVERTER, options, TileOptions(None, None, Path()))
    assert processor.to == made_by["to"] == "b"
    assert made_by["model"] == INVERTER.digest
    assert made_by["size"] == 8
    assert "batch_size" not in made_by


def test_frames_are_numbered_and_may_not_clash(tmp_path: Path) -> None:
    red, blue = Image.new("RGB", (4, 4), "red"), Image.new("RGB", (4, 4), "blue")
    red.save(tmp_path / "a.b.tif", save_all=True, append_images=[blue])
    red.save(tmp_path / "one.png")
    (tmp_path / "bad.png").touch()
    out = tmp_path / "out"
    jobs = [Job.of(tmp_path / name, out / name) for name in ("a.b.tif", "one.png", "bad.png")]
    split = with_frames(jobs, Sources(1 << 20))
    assert [(job.output_name, job.frame) for job in split] == [
        ("a.b.0001.tif", 0),
        ("a.b.0002.tif", 1),
        ("one.png", None),
        ("bad.png", None),
    ]
    jobs.append(Job.of(tmp_path / "one.png", out / "A.B.0002.TIF"))
    with pytest.raises(ConfigError, match="two images would become"):
        with_frames(jobs, Sources(1 << 20))


def test_batches_of_one_size_have_all_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "SORTED_BATCHES", 3)
    sizes = [(4, 4), (5, 4), (4, 4), (4, 4), (5, 4), (4, 4), (4, 4)]
    jobs = []
    for number, size in enumerate(sizes):
        Image.new("RGB", size).save(tmp_path / f"{number}.png")
        jobs.append(Job.of(tmp_path / f"{number}.png", tmp_path / f"out/{number}.png"))
    jobs.append(Job.of(tmp_path / "absent.png", tmp_path / "out/absent.png"))
    batches = list(jobs_of_one_size(jobs, 2, Sources(1 << 20)))
    names = [[job.name[0] for job in batch] for batch in batches]
    assert names == [["0", "2"], ["3", "5"], ["1", "4"], ["6"], ["a"]]
    assert [len(batch) for batch in jobs_of_one_size(jobs, 1, Sources(1 << 20))] == [1] * 8
