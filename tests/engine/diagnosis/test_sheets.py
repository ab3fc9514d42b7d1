"""Previews on the disk."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from histories import make_preview, photographs

from translate.engine.diagnosis import sheets
from translate.errors import BadImage, CheckpointError
from translate.images.contact_sheet import contact_sheet
from translate.images.encode import write_image


def write_preview(run: Path, step: int) -> None:
    """Write a preview of photographs, as training does."""
    preview = make_preview(photographs().round(), step)
    (run / "previews").mkdir(parents=True, exist_ok=True)
    (run / sheets.ROWS).write_text(json.dumps(sheets.describe_rows(preview)))
    rows = {
        title: torch.from_numpy(row.transpose(0, 3, 1, 2)) / 127.5 - 1
        for title, row in preview.rows.items()
    }
    write_image(run / f"previews/step-{step:08d}.png", contact_sheet(rows))


def test_a_preview_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    for step in (500, 1000):
        write_preview(tmp_path, step)
    (step, path), (earlier, _) = sheets.list_sheets(tmp_path)
    assert (step, earlier) == (1000, 500)
    preview = sheets.read_sheet(step, path, sheets.read_rows(tmp_path))
    assert preview.dataset_rows == {"source", "target"}
    assert preview.inputs == {"translated": "source"}
    assert np.abs(preview.rows["translated"] - photographs().round().clip(0, 255)).max() <= 1


def test_a_damaged_preview_is_named(tmp_path: Path) -> None:
    write_preview(tmp_path, 500)
    rows = sheets.read_rows(tmp_path)
    path = tmp_path / "previews/step-00000500.png"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(BadImage, match="step-00000500"):
        sheets.read_sheet(500, path, rows)
    write_image(path, np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(BadImage, match="is not the preview of this run: image 1 of the row"):
        sheets.read_sheet(500, path, rows)


@pytest.mark.parametrize("text", ["", "[]", '{"rows": [{"title": "x", "count": 99999999}]}'])
def test_rows_that_are_damaged_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / sheets.ROWS).write_text(text)
    with pytest.raises(CheckpointError, match=sheets.ROWS):
        sheets.read_rows(tmp_path)
