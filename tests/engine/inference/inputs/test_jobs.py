"""Each image has one job, in one of the shards."""

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


def test_the_jobs_of_all_shards_are_those_of_the_folder() -> None:
    names = ["x.gif", "x.png", "a/y.jpg", "a/b/z.tif", "w.mpo", "v.png"]
    inputs = Inputs.of(Path("in"), names)
    jobs = list_jobs(inputs, Path("out"), OutputNames())
    assert sorted(job.name for job in jobs) == sorted(names)
    assert {job.name: job.output_name for job in jobs}["x.gif"] == "x.gif.png"
    shards = [list_jobs(inputs, Path("out"), OutputNames(), Shard(k, 3)) for k in range(3)]
    assert sorted(job for shard in shards for job in shard) == sorted(jobs)
