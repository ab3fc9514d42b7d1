"""Plots of a report, for Plotly: curves of losses, metrics and speed over the steps of all runs."""

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detectors.curves import EVALUATION
from translate.engine.diagnosis.log import Field, loss_players
from translate.report.run_data import RunData

MAX_POINTS = 1200
"""maximum number of points of a curve; several runs share it"""
COLOURS = ("#2f7ec2", "#d9622b", "#1f9d78", "#b3589a", "#a98200", "#7a70e0", "#c0455a", "#5f8f2f")
"""colours of curves, distinguishable on white and on black"""
DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")
"""line styles of curves"""
LINEAR: Mapping[str, str] = {}
LOGARITHMIC = {"type": "log"}
FROM_ZERO = {"rangemode": "tozero"}
"""settings of the y axis; the range from zero is for values that may be constant, for which Plotly
would choose a range of negative and positive values"""


@dataclass(frozen=True)
class Curve:
    """A loss, metric or other recorded value over the steps of a run."""

    run: RunData
    name: str
    values: NDArray[np.float64]
    """(N), one for each line of the log; NaN: not recorded"""


@dataclass(frozen=True)
class Figure:
    """A plot with its title, its caption, and the data and layout that Plotly reads."""

    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]


def evaluation_figures(runs: Sequence[RunData]) -> list[Figure]:
    """Return a plot of each validation metric, with lines for the baselines on the test images."""
    figures = []
    for name in _names(runs, "metrics"):
        if not name.startswith(EVALUATION):
            continue
        metric = name.removeprefix(EVALUATION)
        curves = [
            Curve(run, metric, values)
            for run in runs
            if np.isfinite(values := run.history.log.values("metrics", name)).any()
        ]
        baselines = list(_baselines(runs, metric, len(curves)))
        sentences = [
            _direction(runs, metric),
            "Dashed: baselines on the test images" if baselines else "",
        ]
        note = ". ".join(filter(None, sentences))
        figure = _figure(f"{metric} on validation images", curves, note=note, sparse=True)
        figures.append(replace(figure, data=figure.data + baselines))
    return figures


def training_figures(runs: Sequence[RunData]) -> list[Figure]:
    """Return the plots of losses by player, gradient norms, learning rates, speed and other values.

    A plot without data is omitted.
    """
    figures = []
    for player in dict.fromkeys(player for run in runs for player in loss_players(run.history.log)):
        names = [name for name in _names(runs, "losses") if name.partition("/")[0] == player]
        curves = [
            replace(curve, name=curve.name.partition("/")[2] or curve.name)
            for curve in _curves(runs, "losses", names)
        ]
        figures.append(_figure(f"Losses of {player}", curves))
    figures += [
        _figure(
            "Gradient norms", _curves(runs, "grad_norm"), note="before clipping", yaxis=LOGARITHMIC
        ),
        _figure("Learning rates", _curves(runs, "lr"), yaxis=FROM_ZERO),
    ]
    other_names = [name for name in _names(runs, "metrics") if not name.startswith(EVALUATION)]
    figures.append(_figure("Other recorded values", _curves(runs, "metrics", other_names)))
    for title, field, note in (
        ("Images per second", "images_per_second", ""),
        ("Waiting for images", "data_wait", "fraction of the time, from 0 to 1"),
    ):
        curves = [
            Curve(
                run,
                title,
                np.array([getattr(line, field) for line in run.history.log.records], float),
            )
            for run in runs
        ]
        figures.append(_figure(title, curves, note=note, yaxis=FROM_ZERO))
    return [figure for figure in figures if figure.data]


def _names(runs: Sequence[RunData], field: Field) -> list[str]:
    """Return the names of the values that the logs have in `field`, each once."""
    return list(dict.fromkeys(name for run in runs for name in run.history.log.names(field)))


def _curves(
    runs: Sequence[RunData], field: Field, names: Sequence[str] | None = None
) -> list[Curve]:
    """Return a curve for each run and each of `names`; None: of all names in `field`."""
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
    """Return a plot of curves.

    Args:
        title: The title.
        curves: The curves; those without values are omitted.
        note: First sentence of the caption.
        yaxis: Plotly's settings of the y axis.
        sparse: Whether most lines of the log have no value, which is then no gap to report.
    """
    curves = [curve for curve in curves if len(curve.values)]
    runs = list(dict.fromkeys(curve.run.name for curve in curves))
    names = list(dict.fromkeys(curve.name for curve in curves))
    data, newest, gaps = [], [], []
    for curve in curves:
        run_index, name_index = runs.index(curve.run.name), names.index(curve.name)
        label_parts = [curve.run.name] if len(runs) > 1 else []
        label_parts += [curve.name] if len(names) > 1 or curve.name not in title else []
        label = ": ".join(label_parts)
        steps = np.array([record.step for record in curve.run.history.log.records], float)
        points = thin(steps, curve.values, max(2, MAX_POINTS // max(1, len(runs))))
        if sparse:
            points = [(step, value) for step, value in points if value is not None]
        colour_index, dash_index = (run_index, name_index) if len(runs) > 1 else (name_index, 0)
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(points) < 30 else "lines",
                "name": html.escape(label or title),  # Plotly reads tags in names
                "x": [step for step, _ in points],
                "y": [value for _, value in points],
                "line": {
                    "color": COLOURS[colour_index % len(COLOURS)],
                    "dash": DASHES[dash_index % len(DASHES)],
                    "width": 1.5,
                },
                "marker": {"size": 4},
            }
        )
        finite = curve.values[np.isfinite(curve.values)]
        newest_value = f"{finite[-1]:.4g}" if len(finite) else "none is finite"
        newest.append(f"{label} {newest_value}".strip())
        if not sparse and len(finite) < len(curve.values):
            gaps.append(f"{label} {len(curve.values) - len(finite)} of {len(curve.values)}".strip())
    sentences = [note, f"Newest: {', '.join(newest)}"]
    if gaps:
        sentences.append(f"Lines of the log without a finite value: {', '.join(gaps)}")
    caption = ". ".join(text[0].upper() + text[1:] for text in sentences if text) + "."
    layout = {"xaxis": {"title": {"text": "step"}}, "yaxis": {**yaxis}}
    return Figure(title, caption, data, layout)


def thin(
    steps: NDArray[np.float64], values: NDArray[np.float64], count: int
) -> list[tuple[float, float | None]]:
    """Return at most `count` points (step, value); the value is None if it is not finite.

    If there are more steps, each point has the last step and the mean value of several steps.
    """
    if len(steps) <= count:
        pairs = zip(steps, values, strict=True)
    else:
        last_steps = [group[-1] for group in np.array_split(steps, count)]
        means = [_finite_mean(group) for group in np.array_split(values, count)]
        pairs = zip(last_steps, means, strict=True)
    return [(int(step), float(f"{v:.4g}") if math.isfinite(v) else None) for step, v in pairs]


def _finite_mean(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _direction(runs: Sequence[RunData], metric: str) -> str:
    """Return whether larger or smaller values of a metric are better, as text; "" if unknown."""
    directions = {run.history.better.get(metric) for run in runs}
    directions |= {
        run.evaluation.values[metric].better
        for run in runs
        if run.evaluation and metric in run.evaluation.values
    }
    direction = next(filter(None, directions), "")
    return {"max": "larger is better", "min": "smaller is better"}.get(direction, "")


def _baselines(runs: Sequence[RunData], metric: str, colours_used: int) -> Iterator[dict[str, Any]]:
    """Yield a horizontal line for each baseline of a metric; its colour follows the used ones."""
    for run in runs:
        records = run.history.log.records
        if run.evaluation is None or metric not in run.evaluation.values or not records:
            continue
        prefix = f"{run.name}: " if len(runs) > 1 else ""
        for name, values in run.evaluation.baselines.items():
            if (value := values.get(metric)) is not None:
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
