"""Command line and output of the benchmarks: a Markdown table, with the same as JSON."""

import argparse
import json
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch


def parser_with_json(docstring: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option ``--json``, described by the first line of `docstring`."""
    parser = argparse.ArgumentParser(description=(docstring or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    return parser


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return `rows`, which have the same keys, as a markdown table."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(map(_cell, row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def median_and_quartiles(values: Sequence[float], digits: int = 3) -> str:
    """Return the median and the quartiles: ``1.02 (1.01 to 1.03)``."""
    if not values:
        return "not run"
    low, middle, high = quartiles(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def rotate(names: Sequence[str], number: int) -> list[str]:
    """Return `names` in the order of a round, which begins with another name in each round."""
    first = number % len(names)
    return [*names[first:], *names[:first]]


def machine() -> dict[str, Any]:
    """Return the machine and its load, which absolute times depend on."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
        "torch": torch.__version__,
        "load": [round(value, 2) for value in os.getloadavg()],
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }


def report(rows: Sequence[Mapping[str, Any]], note: str, to: Path | None, **details: Any) -> None:
    """Print `rows`, a `note` and the machine; write them and `details` to the file `to`."""
    here = machine()
    facts = ", ".join(f"{key} {value}" for key, value in here.items())
    print(f"{table(rows)}\n\n{note}\n{facts}", flush=True)
    if to:
        document = {"rows": list(rows), "note": note, "machine": here, **details}
        to.write_text(json.dumps(document, indent=1, default=str) + "\n")
