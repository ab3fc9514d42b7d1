"""A published model has the files that inference reads, and no other files of its run."""

from pathlib import Path

import small_checkpoints

from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.checkpoints.references.packs import FILES
from translate.exchange.publication.model_files import collect_files


def test_only_files_that_inference_reads_are_published(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    (run / "checkpoints/step-00000001/notes.txt").write_text("mine")
    (run / "log.jsonl").write_text("{}\n")
    preview = tmp_path / "preview.png"
    preview.write_bytes(b"png")
    model = collect_files(resolve(run)[0], "run", "# run\n", preview)
    assert set(model.files) == {
        "README.md",
        "checkpoints/step-00000001/MANIFEST.json",
        "checkpoints/step-00000001/state.json",
        "checkpoints/step-00000001/weights.safetensors",
        "config.yaml",
        "pack.json",
        "parity.safetensors",
        "preview.png",
    }
    assert all(FILES.fullmatch(name) for name in model.files)
    assert model.record.files.keys() | {"pack.json"} == set(model.files)
    assert model.read("preview.png") == b"png"
