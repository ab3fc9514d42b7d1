"""Images of one size among consecutive jobs are translated in one batch."""

from pathlib import Path

import pytest
from PIL import Image

from translate.engine.inference.inputs import batches as job_batches
from translate.engine.inference.inputs.batches import jobs_of_one_size
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources


def test_batches_of_one_size_have_all_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_batches, "WINDOW", 3)
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
