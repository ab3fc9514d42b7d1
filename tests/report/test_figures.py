"""The plots of the report have the data and layout that Plotly reads."""

from pathlib import Path

import numpy as np
import pytest
import recorded_runs
from plotly.graph_objects import Figure as PlotlyFigure

from translate.engine.disk import files
from translate.report import figures
from translate.report.run_data import read_runs


def test_plotly_accepts_the_figures_of_a_run(run: Path) -> None:
    plots = figures.training_figures(read_runs([run]))
    assert [figure.title for figure in plots] == [
        "Losses of generators",
        "Losses of discriminators",
        "Gradient norms",
        "Learning rates",
        "Images per second",
        "Waiting for images",
    ]
    for figure in plots:
        PlotlyFigure(data=figure.data, layout=figure.layout)  # raises for an unknown property
    [gan] = plots[0].data
    assert gan["x"] == list(range(10, 210, 10)) and gan["y"][:2] == [1.0, 0.5]
    assert plots[0].caption == "Newest: gan 0.05."


def test_axes_of_rates_and_speeds_begin_at_zero(run: Path) -> None:
    axes = {
        figure.title: figure.layout["yaxis"]
        for figure in figures.training_figures(read_runs([run]))
    }
    for title in ("Learning rates", "Images per second", "Waiting for images"):
        assert axes[title] == {"rangemode": "tozero"}
    assert axes["Gradient norms"] == {"type": "log"}
    assert axes["Losses of generators"] == {}, "a loss may be negative, or far from zero"


def test_the_plot_of_an_evaluation_has_a_line_for_each_baseline(run: Path) -> None:
    [figure] = figures.evaluation_figures(read_runs([run]))
    measured, baseline = figure.data
    assert measured["x"] == [50, 100, 150, 200] and measured["y"] == [12.5, 15.0, 17.5, 20.0]
    assert baseline["name"] == "mean target image" and baseline["y"] == [14.9, 14.9]
    assert figure.caption == ("Larger is better. Dashed: baselines on the test images. Newest: 20.")


def test_several_runs_share_a_figure_and_have_different_colours(run: Path, tmp_path: Path) -> None:
    other = recorded_runs.write_run(tmp_path / "second", lines=5)
    plots = {figure.title: figure for figure in figures.training_figures(read_runs([run, other]))}
    first, second = plots["Gradient norms"].data
    assert (first["name"], second["name"]) == ("first: generators", "second: generators")
    assert first["line"]["color"] != second["line"]["color"]
    assert plots["Images per second"].caption == "Newest: first 12.5, second 12.5."


def test_R6_losses_that_are_not_finite_are_gaps_and_counted(run: Path) -> None:
    files.append(run / "log.jsonl", {"step": 300, "losses": {"generators/gan": float("nan")}})
    figure = figures.training_figures(read_runs([run]))[0]
    assert figure.data[0]["y"][-2:] == [0.05, None]
    assert figure.caption.endswith("Lines of the log without a finite value: gan 1 of 21.")


def test_tags_in_names_are_text_for_plotly(run: Path) -> None:
    files.append(run / "log.jsonl", {"step": 300, "losses": {"generators/<b>x": 1.0}})
    names = [trace["name"] for trace in figures.training_figures(read_runs([run]))[0].data]
    assert names == ["gan", "&lt;b&gt;x"]


@pytest.mark.parametrize("count", [3, 10])
def test_many_points_are_means_of_neighbours(count: int) -> None:
    steps = np.arange(1, 10, dtype=np.float64)
    values = np.array([1, 2, np.nan, 4, np.inf, 6, np.nan, np.nan, np.nan])
    points = figures.thin(steps, values, count)
    if count == 3:
        assert points == [(3, 1.5), (6, 5.0), (9, None)]
    else:
        assert points[2:5] == [(3, None), (4, 4.0), (5, None)] and len(points) == 9
