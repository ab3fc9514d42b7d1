"""Each frame of a file becomes a file of its own."""

from pathlib import Path

import pytest
from PIL import Image

from translate.engine.inference.inputs.frames import with_frames
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.errors import ConfigError


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
