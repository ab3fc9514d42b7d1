"""The page of a report: one HTML file that loads nothing else."""

import base64
import gzip
import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from translate import __version__
from translate.engine.config import yaml_text
from translate.engine.diagnosis import sheets
from translate.engine.runs.run_record import timestamp
from translate.errors import CheckpointError
from translate.evaluate import result
from translate.evaluate import tables as evaluation_tables
from translate.evaluate.images import examples
from translate.report import figures, tables
from translate.report.run_data import RunData
from translate.report.thumbnails import Thumbnail, example_thumbnails, preview_thumbnails

META_GENERATOR = "translate report"
"""name of the generator in the head of a page: an earlier report is recognized by it"""
MIN_RANKED = 3
"""minimum number of best images, and of worst images, for each run of a page"""
ASSETS = Path(__file__).with_name("page")


@dataclass(frozen=True)
class RankedImage:
    """A test image with its metric value, and its thumbnails if the page shows them."""

    name: str
    value: str
    images: Sequence[tuple[str, Thumbnail]]
    """thumbnails with their roles, such as the input and the output"""


@dataclass(frozen=True)
class RankingView:
    """The best and the worst test images by a metric."""

    metric: str
    best: Sequence[RankedImage]
    worst: Sequence[RankedImage]

    @property
    def groups(self) -> list[tuple[str, Sequence[RankedImage]]]:
        """The best and the worst images, each group with its title, in the order of the page.

        The worst come first for the metric ``trust``, which serves to find unreliable outputs.
        """
        groups = [("Best", self.best), ("Worst", self.worst)]
        return groups[::-1] if self.metric == "trust" else groups


@dataclass(frozen=True)
class RunView:
    """What the page shows of one run."""

    run: RunData
    summary: str
    previews: Sequence[tuple[int, Thumbnail]]
    """step and image of each preview, the oldest first"""
    rows: Sequence[str]
    """titles of the rows of images in a preview"""
    omissions: Sequence[str]
    """what could not be read or examined, a line for each"""
    config_yaml: str
    evaluation_caption: str
    evaluation_rows: Sequence[Sequence[str]]
    rankings: Sequence[RankingView]
    evaluation_protocol: str
    """what a repetition of the evaluation needs, as JSON"""
    problems: Sequence[Sequence[str]]
    """cells of the newest problems"""
    more_problems: int
    """number of problems that are not shown"""


def render(runs: Sequence[RunData], *, version: str = "") -> bytes:
    """Return the HTML page about `runs`.

    Args:
        runs: The runs, which are compared if there are several.
        version: A text that changes when the runs change, by which a served page decides when to
            reload; empty for a page in a file.
    """
    evaluation_figures = figures.evaluation_figures(runs)
    training_figures = figures.training_figures(runs)
    all_figures = [*evaluation_figures, *training_figures]
    ids = {figure.title: f"figure-{number}" for number, figure in enumerate(all_figures, 1)}
    names = ", ".join(run.name for run in runs)
    text = (
        _templates()
        .get_template("report.html")
        .render(
            title=f"Runs {names}" if len(runs) > 1 else f"Run {names}",
            generator=META_GENERATOR,
            program_version=__version__,
            written=timestamp(),
            version=version,
            nonce=secrets.token_urlsafe(16),
            views=[_view(run, len(runs)) for run in runs],
            evaluation_figures=evaluation_figures,
            training_figures=training_figures,
            figure_ids=ids,
            figures={ids[f.title]: {"data": f.data, "layout": f.layout} for f in all_figures},
            evaluation_head=evaluation_tables.COLUMNS,
            differences=tables.config_differences(runs),
            environment=tables.environment_rows(runs),
            style=Markup((ASSETS / "report.css").read_text()),
            script=Markup((ASSETS / "report.js").read_text()),
            plotly=_plotly() if all_figures else "",
        )
    )
    return text.encode("utf-8", "backslashreplace")  # some names of files are not UTF-8


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("translate.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _plotly() -> str:
    """Return Plotly's script, by gzip and base64: as text, it would exceed the 5 MB of a page."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _view(run: RunData, run_count: int) -> RunView:
    """Return what a page with `run_count` runs shows of one run."""
    previews, damaged_previews = preview_thumbnails(run.previews, run_count)
    try:
        rows = [row.title for row in sheets.read_rows(run.path)]
    except CheckpointError:
        rows = []  # the examination of the run reports the error
    evaluation, config = run.evaluation, run.history.config
    protocol = json.dumps(evaluation.protocol, indent=2, ensure_ascii=False) if evaluation else ""
    problems, more_problems = tables.problem_rows(run)
    rankings, damaged_examples = _rankings(run, run_count)
    omissions = [*run.omissions, *damaged_previews, *damaged_examples, *run.examination.omissions]
    return RunView(
        run=run,
        summary=_summary(run),
        previews=previews,
        rows=rows,
        omissions=list(dict.fromkeys(omissions)),
        config_yaml=yaml_text.dump(config) if config else "",
        evaluation_caption=evaluation_tables.caption(evaluation) if evaluation else "",
        evaluation_rows=evaluation_tables.value_rows(evaluation) if evaluation else [],
        rankings=rankings,
        evaluation_protocol=protocol,
        problems=problems,
        more_problems=more_problems,
    )


def _summary(run: RunData) -> str:
    """Return recipe, domains and progress of a run, in one line."""
    config, log = run.history.config, run.history.log
    parts = []
    if config:
        parts.append(f"{config.recipe} on {', '.join(map(str, config.data.domains))}")
    if log.records:
        parts.append(f"step {log.last.step:,} of {max(log.end, log.last.step):,}")
        if log.last.images_per_second > 0 and math.isfinite(log.last.images_per_second):
            parts.append(f"{log.last.images_per_second:.3g} images/s")
    return "; ".join(parts) or "nothing is known of this run"


def _rankings(run: RunData, run_count: int) -> tuple[list[RankingView], list[str]]:
    """Return the best and the worst test images by each metric, and errors of their thumbnails.

    Only the ranking by the first metric has thumbnails: the other rankings are mostly of the same
    images. The ranking with thumbnails is shorter if the page has several runs.
    """
    evaluation = run.evaluation
    rankings = examples.rankings(evaluation) if evaluation else []
    if not evaluation or not rankings:
        return [], []
    first, *others = rankings
    count = max(MIN_RANKED, examples.RANKED // run_count)
    shortened = replace(first, best=first.best[:count], worst=first.worst[:count])
    files = {
        name: evaluation.examples[name]
        for name, _ in [*shortened.best, *shortened.worst]
        if name in evaluation.examples
    }
    folder = result.thumbnail_folder(run.path / result.FILE)
    thumbnails, errors = example_thumbnails(folder, files, run_count)
    first_view = _ranking_view(shortened, thumbnails) if thumbnails else _ranking_view(first, {})
    return [first_view, *(_ranking_view(other, {}) for other in others)], errors


def _ranking_view(
    ranking: examples.Ranking, thumbnails: Mapping[str, Sequence[tuple[str, Thumbnail]]]
) -> RankingView:
    best, worst = (
        [
            RankedImage(name, evaluation_tables.format_number(value), thumbnails.get(name, ()))
            for name, value in entries
        ]
        for entries in (ranking.best, ranking.worst)
    )
    return RankingView(ranking.metric, best, worst)
