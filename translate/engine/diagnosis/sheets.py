"""Previews on the disk: contact sheets (PNG files) of rows of images, and a file about the rows."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from translate.engine.diagnosis.preview import Preview
from translate.engine.disk.records import json_files
from translate.errors import BadImage
from translate.images.contact_sheet import split_sheet
from translate.images.source import read_image

ROWS = "previews.json"
"""the file of a run that describes the rows of its previews"""


class PreviewRow(json_files.Record):
    """The description of a row of images in a preview; sides in pixels."""

    title: str
    count: int = Field(ge=1, le=1 << 12)
    height: int = Field(ge=1, le=1 << 16)
    width: int = Field(ge=1, le=1 << 16)
    given: bool
    """whether the images are of the data set"""
    input: str | None = None
    """title of the row of inputs, if the images are translations"""


class Rows(json_files.Record):
    """The content of the file `ROWS`."""

    rows: list[PreviewRow] = Field(max_length=64)


def describe_rows(preview: Preview) -> dict[str, Any]:
    """Return the content of the file `ROWS`: the size and the kind of each row of `preview`."""
    rows = [
        {"title": title, "count": row.shape[0], "height": row.shape[1], "width": row.shape[2]}
        | {"given": title in preview.dataset_rows, "input": preview.inputs.get(title)}
        for title, row in preview.rows.items()
    ]
    return {"rows": rows}


def list_sheets(run: Path) -> list[tuple[int, Path]]:
    """Return the step and the path of each preview of a run, the newest first."""
    steps = [(p.stem.removeprefix("step-"), p) for p in (run / "previews").glob("step-*.png")]
    return sorted(((int(s), p) for s, p in steps if s.isdecimal()), reverse=True)


def read_rows(run: Path) -> list[PreviewRow]:
    """Return the content of a run's file `ROWS`; raises `CheckpointError` if it is missing."""
    return json_files.read_record(run / ROWS, Rows).rows


def read_sheet(step: int, path: Path, rows: list[PreviewRow]) -> Preview:
    """Return the preview at `path`; raises `BadImage` if it is damaged."""
    shapes = {row.title: (row.count, row.height, row.width) for row in rows}
    try:
        images = split_sheet(read_image(path), shapes)
    except ValueError as error:
        raise BadImage(path, f"is not the preview of this run: {error}") from error
    return Preview(
        step,
        {title: row.astype(np.float64) for title, row in images.items()},
        frozenset(row.title for row in rows if row.given),
        {row.title: row.input for row in rows if row.input},
    )
