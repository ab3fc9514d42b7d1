"""Outputs that the pipeline keeps in memory have the bytes of files."""

from collections.abc import Callable
from pathlib import Path

from image_inversion import INVERTER, translate

from translate.engine.inference.file_translator import FileTranslator
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.destinations import EncodedOutput, MemoryOutputs
from translate.engine.inference.pipeline import Pipeline
from translate.engine.inference.planning import make_processor
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions


def test_memory_outputs_equal_files(image_folder: Callable[..., Path], tmp_path: Path) -> None:
    options, source, out = InferenceOptions(), image_folder("photos", 2), tmp_path / "out"
    translate(source, out)
    processor, _ = make_processor(INVERTER, options, TileOptions(None, None, tmp_path))
    outputs, translator = MemoryOutputs(), FileTranslator(processor, options)
    pipeline = Pipeline(translator, Sources(options.max_pixels), outputs, batch_size=1)
    jobs = [Job.of(path, out / path.name) for path in sorted(source.iterdir())]
    assert len(list(pipeline.run(jobs, stop=bool))) == len(jobs) == 2
    for job in jobs:
        assert outputs.outputs[job.input].data == job.output.read_bytes()


def test_an_output_that_is_written_in_windows_is_kept_in_memory() -> None:
    outputs, job = MemoryOutputs(), Job.of(Path("a.tif"), Path("out/a.tif"))
    outputs.write_with(job, "abc", lambda file: [str(file.write(b"data"))])
    assert outputs.outputs[job.input] == EncodedOutput(b"data", "abc", ["4"])
