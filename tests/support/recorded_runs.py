"""Run folders with a log, previews, an evaluation and problems, written without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import small_checkpoints
import torch
from histories import make_preview, photographs
from numpy.typing import NDArray
from PIL import Image

from translate.batches import UNNAMED
from translate.engine.diagnosis import sheets
from translate.engine.diagnosis.preview import ImageRow
from translate.engine.disk import files
from translate.evaluate import result
from translate.evaluate.images.examples import with_thumbnails
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.result import EvaluationResult, MeasuredValue
from translate.images.contact_sheet import contact_sheet
from translate.images.tensors import as_tensor, to_device

PSNR = {"0001.png": 21.5, "0002.png": 17.25, "0003.png": 12.0, "0004.png": 15.0}


def write_run(path: Path, *, previews: int = 3, lines: int = 20, **settings: Any) -> Path:
    """Write a run with previews and log lines every 10 steps, and return its folder."""
    small_checkpoints.cyclegan(path, **settings)
    for number in range(1, previews + 1):
        write_preview(path, number * 10)
    for number in range(1, lines + 1):
        evaluated = {"evaluation/psnr": 10.0 + number / 2} if number % 5 == 0 else {}
        record = {
            "step": 10 * number,
            "epoch": number / 4,
            "losses": {"generators/gan": 1 / number, "discriminators/source": 0.5},
            "lr": {"generators": 2e-4},
            "grad_norm": {"generators": 2.0},
            "images_per_second": 12.5,
            "data_wait": 0.1,
            "metrics": evaluated,
        }
        files.append(path / "log.jsonl", record)
    write_evaluation(path, PSNR, levels(photographs(seed=5)))
    versions = {"torch": "2.14"}
    data = {"files": 8, "sha256": "ab" * 32, "validation": {"files": 2, "sha256": "cd" * 32}}
    session = {"command": ["translate", "train"], "versions": versions, "data": data, "seed": 0}
    files.replace_json(path / "run.json", session)
    problem = {"path": "a/1.png", "stage": "check", "reason": "unreadable", "message": "is empty"}
    files.append(path / "problems.jsonl", problem)
    return path


def write_evaluation(path: Path, psnr: Mapping[str, float], images: NDArray[np.uint8]) -> None:
    """Write an evaluation of outputs `images`, (N, H, W, 3), with the PSNR of each."""
    values = {"psnr": MeasuredValue(16.4, "max", "dB", 4, 15.0, 18.0)}
    baselines = {"mean target image": {"psnr": 14.9}}
    rows = {name: {"psnr": value} for name, value in psnr.items()}
    evaluation = EvaluationResult("first@1", values, baselines, per_image=rows)
    outputs = Outputs([*psnr], list(images), list(images[::-1]), list(images))
    result.write(with_thumbnails(evaluation, [outputs], UNNAMED, UNNAMED), path / result.FILE)


def write_preview(path: Path, step: int) -> None:
    """Write the preview of a step, and the description of its rows."""
    preview = make_preview(photographs(seed=step), step)
    rows = {
        title: to_device(torch.stack([as_tensor(image) for image in levels(row)]), "cpu")
        for title, row in preview.rows.items()
    }
    (path / "previews").mkdir(exist_ok=True)
    Image.fromarray(contact_sheet(rows)).save(path / f"previews/step-{step:08}.png")
    files.replace_json(path / sheets.ROWS, sheets.describe_rows(preview))


def levels(row: ImageRow) -> NDArray[np.uint8]:
    """Return images as 8-bit levels."""
    return row.clip(0, 255).astype(np.uint8)
