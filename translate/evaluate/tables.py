"""Render the result of an evaluation: as a table, Markdown, LaTeX, CSV, JSON or model card."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence

from translate.evaluate.result import FLOOR, EvaluationResult, MeasuredValue, document, verdict

COLUMNS = ("metric", "value", "95 % interval", "best baseline", "verdict")
ARROWS = {"max": "↑", "min": "↓"}


def table(result: EvaluationResult) -> str:
    """Return aligned columns for a terminal, with the subject above and the notes below."""
    rows = [COLUMNS, *value_rows(result)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([caption(result), "", *lines, *_notes(result)])


def markdown(result: EvaluationResult) -> str:
    """Return a Markdown table, with the subject above and the notes below."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *value_rows(result)]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    notes = [f"- {line}" for line in _notes(result) if line]
    return "\n".join([caption(result), "", *lines, *([""] if notes else []), *notes])


def latex(result: EvaluationResult) -> str:
    """Return a LaTeX ``tabular``; arrows need no package."""
    arrows = {"↑": "$\\uparrow$", "↓": "$\\downarrow$"}

    def cell(text: str) -> str:
        for sign in "\\&%_#$":
            text = text.replace(sign, "\\textbackslash{}" if sign == "\\" else f"\\{sign}")
        for arrow, command in arrows.items():
            text = text.replace(arrow, command)
        return text

    rows = [" & ".join(map(cell, row)) + r" \\" for row in value_rows(result)]
    head = " & ".join(map(cell, COLUMNS)) + r" \\ \hline"
    comments = [f"% {line}" for line in (caption(result), *_notes(result)) if line]
    return "\n".join([*comments, r"\begin{tabular}{lrrll}", head, *rows, r"\end{tabular}"])


def comma_separated(result: EvaluationResult) -> str:
    """Return a CSV table with a row for each metric value of the images and of each baseline."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["images", "metric", "value", "low", "high", "deviation", "unit", "better"])
    for name, measured in result.values.items():
        numbers = (
            measured.value,
            measured.low,
            measured.high,
            measured.deviation,
        )
        writer.writerow([result.subject, name, *numbers, measured.unit, measured.better])
    for baseline, values in result.baselines.items():
        for name, value in values.items():
            metric_value = result.values[name]
            numbers = (value, None, None, None)
            writer.writerow([baseline, name, *numbers, metric_value.unit, metric_value.better])
    return file.getvalue()


def as_json(result: EvaluationResult) -> str:
    """Return the content of ``evaluation.json``."""
    return json.dumps(document(result), indent=2)


def model_card(result: EvaluationResult) -> str:
    """Return the evaluation block of a model card on the Hugging Face Hub, ``model-index``."""
    from ruamel.yaml import YAML

    protocol = result.protocol
    domains = [str(protocol[key]) for key in ("from", "to") if key in protocol]
    name = result.subject.partition("@")[0].replace("\\", "/").rpartition("/")[2]
    entry = {
        "task": {"type": "image-to-image" if domains else "unconditional-image-generation"},
        "dataset": {
            "name": " to ".join(domains) or str(protocol.get("real", "images")),
            "type": "-".join(domains) or "images",
            "split": str(protocol.get("split", "test")),
        },
        "metrics": [
            {"type": key, "name": key, "value": measured.value, "verified": False}
            for key, measured in result.values.items()
            if measured.value is not None
        ],
    }
    file = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump({"model-index": [{"name": name, "results": [entry]}]}, file)
    return file.getvalue()


FORMATS: Mapping[str, Callable[[EvaluationResult], str]] = {
    "table": table,
    "md": markdown,
    "latex": latex,
    "csv": comma_separated,
    "json": as_json,
    "card": model_card,
}


def value_rows(result: EvaluationResult) -> Sequence[tuple[str, ...]]:
    """Return a row for each metric value, with cells as in `COLUMNS`."""
    return [
        (
            f"{name} {ARROWS[measured.better]}",
            _value_cell(measured),
            _interval_cell(measured),
            _baseline_cell(result, name),
            verdict(result, name),
        )
        for name, measured in result.values.items()
    ]


def _value_cell(measured: MeasuredValue) -> str:
    if measured.value is None:
        return "-"
    deviation = "" if measured.deviation is None else f" ± {format_number(measured.deviation)}"
    return (
        f"{format_number(measured.value)}{deviation}{f' {measured.unit}' if measured.unit else ''}"
    )


def _interval_cell(measured: MeasuredValue) -> str:
    if measured.low is None or measured.high is None:
        return "-"
    return f"{format_number(measured.low)} to {format_number(measured.high)}"


def _baseline_cell(result: EvaluationResult, name: str) -> str:
    best = result.best_baseline(name)
    return f"{format_number(best[1])} {best[0]}" if best else "-"


def format_number(value: float) -> str:
    """Return a number with four significant digits if it is 1 or more, else with four decimals."""
    integer_digits = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:.{max(0, 4 - integer_digits)}f}"


def caption(result: EvaluationResult) -> str:
    """Return a description of what was evaluated, in one line."""
    protocol = result.protocol
    names = (str(protocol[key]) for key in ("from", "to") if key in protocol)
    domains = " to ".join(dict.fromkeys(names))
    truth = {
        "none": "no ground truth",
        "pairs": "paired with the ground truth",
        "the original images": "ground truth: the original images",
    }
    kind = str(protocol.get("ground truth", "none"))
    parts = [
        result.subject,
        domains,
        f"{protocol.get('images')} images",
        f"split {protocol['split']}" if "split" in protocol else "",
        f"{protocol['size'][1]}x{protocol['size'][0]} pixels" if "size" in protocol else "",
        truth.get(kind, kind),
    ]
    return ", ".join(part for part in parts if part)


def _notes(result: EvaluationResult) -> list[str]:
    floor = result.baselines.get(FLOOR, {})
    values = [
        f"{name} {format_number(value)}" for name, value in floor.items() if value is not None
    ]
    lines = [f"{FLOOR}, the floor: {', '.join(values)}"] if values else []
    lines += result.notes
    return ["", *lines] if lines else []
