"""An evaluation as a table, Markdown, LaTeX, CSV, JSON and the block of a model card."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from translate.engine.config import yaml_text
from translate.evaluate import tables
from translate.evaluate.result import FLOOR, EvaluationResult, MeasuredValue, write

RESULT = EvaluationResult(
    "runs/x@1000",
    {
        "psnr": MeasuredValue(18.5, "max", "dB", 40, 18.1, 18.9, 300, 0.25),
        "fd_x": MeasuredValue(0.5, "min", "", 40),
        "kd": MeasuredValue(None, "min"),
    },
    {
        "mean target image": {"psnr": 14.93, "fd_x": 0.25},
        FLOOR: {"fd_x": 0.125},
    },
    {"fd_x": "no better than the mean target image (0.25)"},
    protocol={
        "from": "summer", "to": "winter", "ground truth": "hidden ground truth",
        "split": "test", "images": 40, "size": [64, 96],
    },
    notes=("kd is undefined for these images",),
)  # fmt: skip


def test_the_table_has_value_interval_baseline_and_verdict() -> None:
    assert tables.table(RESULT).splitlines() == [
        "runs/x@1000, summer to winter, 40 images, split test, 96x64 pixels, hidden ground truth",
        "",
        "metric  value              95 % interval   best baseline             verdict",
        "psnr ↑  18.50 ± 0.2500 dB  18.10 to 18.90  14.93 mean target image   better than every "
        "baseline",
        "fd_x ↓  0.5000             -               0.2500 mean target image  no better than the "
        "mean target image (0.25)",
        "kd ↓    -                  -               -                         undefined",
        "",
        "real training images, the floor: fd_x 0.1250",
        "kd is undefined for these images",
    ]


def test_markdown_has_a_row_for_each_metric() -> None:
    lines = tables.markdown(RESULT).splitlines()
    assert lines[2:4] == [
        "| metric | value | 95 % interval | best baseline | verdict |",
        "| --- | --- | --- | --- | --- |",
    ]
    assert lines[4].startswith("| psnr ↑ | 18.50 ± 0.2500 dB | 18.10 to 18.90 |")
    assert lines[-1] == "- kd is undefined for these images"


def test_latex_has_its_special_characters_escaped() -> None:
    text = tables.latex(RESULT)
    assert r"fd\_x $\downarrow$ & 0.5000 & - & " in text
    assert r"95 \% interval" in text
    assert text.count(r" \\") == 4
    assert text.splitlines()[-1] == r"\end{tabular}"


def test_csv_has_a_row_for_each_metric_and_baseline() -> None:
    rows = list(csv.DictReader(tables.comma_separated(RESULT).splitlines()))
    assert [(row["images"], row["metric"], row["value"]) for row in rows] == [
        ("runs/x@1000", "psnr", "18.5"),
        ("runs/x@1000", "fd_x", "0.5"),
        ("runs/x@1000", "kd", ""),
        ("mean target image", "psnr", "14.93"),
        ("mean target image", "fd_x", "0.25"),
        (FLOOR, "fd_x", "0.125"),
    ]


def test_json_is_the_content_of_the_file(tmp_path: Path) -> None:
    result = replace(RESULT, thumbnails={"best-1-fake.png": b"PNG"})
    write(result, tmp_path / "x.json")
    assert json.loads(tables.as_json(result)) == json.loads((tmp_path / "x.json").read_text())


def test_the_model_card_has_the_hubs_evaluation_block() -> None:
    document = yaml_text.parse(tables.model_card(RESULT), "card")
    (entry,) = document["model-index"]
    assert entry["name"] == "x"
    (result,) = entry["results"]
    assert result["task"] == {"type": "image-to-image"}
    assert result["dataset"] == {
        "name": "summer to winter", "type": "summer-winter", "split": "test",
    }  # fmt: skip
    assert result["metrics"] == [
        {"type": "psnr", "name": "psnr", "value": 18.5, "verified": False},
        {"type": "fd_x", "name": "fd_x", "value": 0.5, "verified": False},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((18.5, "18.50"), (0.47721, "0.4772"), (1234.5, "1234"), (99999.0, "99999")),
        *((-0.1075, "-0.1075"), (0.0, "0.0000"), (148.1308, "148.1")),
    ],
)
def test_numbers_have_four_digits(value: float, text: str) -> None:
    result = EvaluationResult("x", {"f": MeasuredValue(value, "max")})
    assert tables.table(result).splitlines()[3].split()[2] == text
