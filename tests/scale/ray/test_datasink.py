"""The datasink writes blocks, and lists the problems of all of them at the end."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints
from image_inversion import listed_problems

from translate.scale import Translate
from translate.scale.folder import FolderWriter


@pytest.mark.slow  # the import of Ray
def test_blocks_are_written_and_problems_listed_once(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    import pyarrow
    from ray.data.datasource import WriteResult

    from translate.scale.ray.datasink import TranslationDatasink

    photos, out = image_folder("photos", 3), tmp_path / "out"
    (photos / "z.png").write_bytes(b"")
    translate = Translate(small_checkpoints.cyclegan(tmp_path / "run"), device="cpu")
    sink = TranslationDatasink(FolderWriter(out))
    written = []
    for path in sorted(photos.iterdir()):
        columns = {k: [*column] for k, column in translate({"path": [str(path)]}).items()}
        written.append(sink.write([pyarrow.table(columns)], None))
    sink.on_write_complete(WriteResult(4, 0, written))
    assert [path.name for path in sorted(out.glob("*.png"))] == ["0000.png", "0001.png", "0002.png"]
    assert [line["reason"] for line in listed_problems(out)] == ["unreadable"]
