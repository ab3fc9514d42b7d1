"""Figures of a report, as Plotly reads them: the curves of all runs over their steps."""

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detectors.curves import EVALUATION
from translate.engine.diagnosis.log import Field, players
from translate.report.run_data import RunData

POINTS = 1200
"""largest number of points of one curve, over all runs"""
COLOURS = ("#2f7ec2", "#d9622b", "#1f9d78", "#b3589a", "#a98200", "#7a70e0", "#c0455a", "#5f8f2f")
"""colours of curves, distinguishable on white and on black"""
DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")
LINEAR: Mapping[str, str] = {}
LOG = {"type": "log"}
FROM_ZERO = {"rangemode": "tozero"}
"""axes of y; around a constant value alone Plotly would draw from -1 to 1"""


@dataclass(frozen=True)
class Curve:
    """A value over the steps of a run."""

    run: RunData
    name: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A figure with its title, caption, and Plotly's data and layout."""

    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]


def evaluation_figures(runs: Sequence[RunData]) -> list[Figure]:
    """Return a figure for each validation metric, with its baselines."""
    figures = []
    for name in _names(runs, "metrics"):
        if not name.startswith(EVALUATION):
            continue
        title = name.removeprefix(EVALUATION)
        curves = [
            Curve(run, title, values)
            for run in runs
            if np.isfinite(values := run.history.log.values("metrics", name)).any()
        ]
        lines = list(_baselines(runs, title, len(curves)))
        sentences = [
            _direction(runs, title),
            "Dashed: baselines on the test images" if lines else "",
        ]
        note = ". ".join(filter(None, sentences))
        figure = _figure(f"{title} on validation images", curves, note=note, sparse=True)
        figures.append(Figure(figure.title, figure.caption, figure.data + lines, figure.layout))
    return figures


def training_figures(runs: Sequence[RunData]) -> list[Figure]:
    """Return the figures of losses by player, gradients, learning rates and speed."""
    figures = []
    for player in dict.fromkeys(player for run in runs for player in players(run.history.log)):
        names = [name for name in _names(runs, "losses") if name.partition("/")[0] == player]
        curves = [
            replace(curve, name=curve.name.partition("/")[2] or curve.name)
            for curve in _curves(runs, "losses", names)
        ]
        figures.append(_figure(f"Losses of {player}", curves))
    figures += [
        _figure("Gradient norms", _curves(runs, "grad_norm"), note="before clipping", yaxis=LOG),
        _figure("Learning rates", _curves(runs, "lr"), yaxis=FROM_ZERO),
    ]
    recorded = [name for name in _names(runs, "metrics") if not name.startswith(EVALUATION)]
    figures.append(_figure("Other recorded values", _curves(runs, "metrics", recorded)))
    for title, field, note in (
        ("Images per second", "images_per_second", ""),
        ("Waiting for images", "data_wait", "fraction of the time, from 0 to 1"),
    ):
        curves = [
            Curve(run, title, np.array([getattr(r, field) for r in run.history.log.records], float))
            for run in runs
        ]
        figures.append(_figure(title, curves, note=note, yaxis=FROM_ZERO))
    return [figure for figure in figures if figure.data]


def _names(runs: Sequence[RunData], field: Field) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.history.log.names(field)))


def _curves(
    runs: Sequence[RunData], field: Field, names: Sequence[str] | None = None
) -> list[Curve]:
    return [
        Curve(run, name, run.history.log.values(field, name))
        for run in runs
        for name in (_names(runs, field) if names is None else names)
        if name in run.history.log.names(field)
    ]


def _figure(
    title: str,
    curves: Sequence[Curve],
    *,
    note: str = "",
    yaxis: Mapping[str, str] = LINEAR,
    sparse: bool = False,
) -> Figure:
    """Return a figure of curves; `sparse` curves do not have a value in each line of the log."""
    curves = [curve for curve in curves if len(curve.values)]
    runs = list(dict.fromkeys(curve.run.name for curve in curves))
    names = list(dict.fromkeys(curve.name for curve in curves))
    data, newest, gaps = [], [], []
    for curve in curves:
        run_index, name_index = runs.index(curve.run.name), names.index(curve.name)
        parts = [curve.run.name] if len(runs) > 1 else []
        parts += [curve.name] if len(names) > 1 or curve.name not in title else []
        label = ": ".join(parts)
        steps = np.array([record.step for record in curve.run.history.log.records], float)
        points = thin(steps, curve.values, max(2, POINTS // max(1, len(runs))))
        points = [point for point in points if point[1] is not None] if sparse else points
        colour, dash = (run_index, name_index) if len(runs) > 1 else (name_index, 0)
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(points) < 30 else "lines",
                "name": html.escape(label or title),  # Plotly reads tags in names
                "x": [step for step, _ in points],
                "y": [value for _, value in points],
                "line": {
                    "color": COLOURS[colour % len(COLOURS)],
                    "dash": DASHES[dash % len(DASHES)],
                    "width": 1.5,
                },
                "marker": {"size": 4},
            }
        )
        finite = curve.values[np.isfinite(curve.values)]
        last = f"{finite[-1]:.4g}" if len(finite) else "none is finite"
        newest.append(f"{label} {last}".strip())
        if not sparse and len(finite) < len(curve.values):
            gaps.append(f"{label} {len(curve.values) - len(finite)} of {len(curve.values)}".strip())
    sentences = [note, f"Newest: {', '.join(newest)}"]
    if gaps:
        sentences.append(f"Lines of the log without a finite value: {', '.join(gaps)}")
    caption = ". ".join(part[0].upper() + part[1:] for part in sentences if part) + "."
    layout = {"xaxis": {"title": {"text": "step"}}, "yaxis": {**yaxis}}
    return Figure(title, caption, data, layout)


def thin(
    steps: NDArray[np.float64], values: NDArray[np.float64], count: int
) -> list[tuple[float, float | None]]:
    """Return at most `count` points, means of neighbours if there are more; None for NaN."""
    if len(steps) <= count:
        pairs = zip(steps, values, strict=True)
    else:
        parts = [np.array_split(each, count) for each in (steps, values)]
        pairs = zip(
            (part[-1] for part in parts[0]),
            (_mean(part) for part in parts[1]),
            strict=True,
        )
    return [(int(step), float(f"{v:.4g}") if math.isfinite(v) else None) for step, v in pairs]


def _mean(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _direction(runs: Sequence[RunData], figure: str) -> str:
    """Return whether larger or smaller values are better, as a sentence; "" if unknown."""
    directions = {run.history.better.get(figure) for run in runs}
    directions |= {
        e.figures[figure].better for run in runs if (e := run.evaluation) and figure in e.figures
    }
    return {"max": "larger is better", "min": "smaller is better"}.get(
        next(filter(None, directions), ""), ""
    )


def _baselines(runs: Sequence[RunData], figure: str, colours_used: int) -> Iterator[dict[str, Any]]:
    """Yield a horizontal line for each baseline in a figure that has `colours_used` colours."""
    for run in runs:
        records = run.history.log.records
        if run.evaluation is None or figure not in run.evaluation.figures or not records:
            continue
        prefix = f"{run.name}: " if len(runs) > 1 else ""
        for name, values in run.evaluation.baselines.items():
            if (value := values.get(figure)) is not None:
                yield {
                    "type": "scatter",
                    "mode": "lines",
                    "name": html.escape(f"{prefix}{name}"),
                    "x": [records[0].step, records[-1].step],
                    "y": [value, value],
                    "line": {
                        "color": COLOURS[colours_used % len(COLOURS)],
                        "dash": "dash",
                        "width": 1,
                    },
                }
                colours_used += 1
