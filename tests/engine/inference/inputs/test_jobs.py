"""A job for each image, and for no others where a shard is asked for."""

from pathlib import Path

from translate.engine.inference.inputs.jobs import Job, list_jobs
from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.outputs.names import OutputNames
from translate.engine.shards.shard import Shard


def test_a_job_names_its_files_below_both_folders() -> None:
    job = Job.of(Path("in/a.gif"), Path("out/a.png"), Path("masks/a.png"))
    assert (job.input, job.output) == (Path("in/a.gif"), Path("out/a.png"))
    assert job.files == (Path("in/a.gif"), Path("masks/a.png"))
    assert job.origin == str(Path("in/a.gif"))


def test_shards_have_the_outputs_that_the_whole_has() -> None:
    names = ["x.gif", "x.png", "a/y.jpg", "a/b/z.tif", "w.mpo", "v.png"]
    inputs = Inputs.of(Path("in"), names)
    whole = list_jobs(inputs, Path("out"), OutputNames())
    assert sorted(job.name for job in whole) == sorted(names)
    assert {job.name: job.output_name for job in whole}["x.gif"] == "x.gif.png"
    parts = [list_jobs(inputs, Path("out"), OutputNames(), Shard(k, 3)) for k in range(3)]
    assert sorted(job for part in parts for job in part) == sorted(whole)
