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
from translate.engine.config import yaml
from translate.engine.diagnosis import sheets
from translate.engine.runs.run_record import timestamp
from translate.errors import CheckpointError
from translate.evaluate import result
from translate.evaluate import tables as evaluation_tables
from translate.evaluate.images import examples
from translate.report import figures, tables
from translate.report.run_data import RunData
from translate.report.thumbnails import Thumbnail, example_thumbnails, preview_thumbnails

GENERATOR = "translate report"
"""the generator that a page names; only files with it are replaced"""
MIN_RANKED = 3
"""least number of best, and of worst, images of each run if several runs are compared"""
FOLDER = Path(__file__).with_name("page")


@dataclass(frozen=True)
class RankedImage:
    """A test image with its value, and its thumbnails by role, if any."""

    name: str
    value: str
    images: Sequence[tuple[str, Thumbnail]]


@dataclass(frozen=True)
class RankedImages:
    """The best and the worst test images by a figure."""

    figure: str
    best: Sequence[RankedImage]
    worst: Sequence[RankedImage]

    @property
    def groups(self) -> list[tuple[str, Sequence[RankedImage]]]:
        """Both with their titles, in the order of display: the worst first for trust."""
        groups = [("Best", self.best), ("Worst", self.worst)]
        return groups[::-1] if self.figure == "trust" else groups


@dataclass(frozen=True)
class RunView:
    """The contents of the page about one run."""

    run: RunData
    summary: str
    previews: Sequence[tuple[int, Thumbnail]]
    rows: Sequence[str]
    """Titles of the rows of a preview."""
    missing: Sequence[str]
    config: str
    evaluation_caption: str
    evaluation_rows: Sequence[Sequence[str]]
    rankings: Sequence[RankedImages]
    protocol: str
    problems: Sequence[Sequence[str]]
    more_problems: int


def render(runs: Sequence[RunData], *, version: str = "") -> bytes:
    """Return the page.

    Args:
        runs: The runs, which are compared if there are several.
        version: For a page that is served while the runs are trained: a text that changes whenever
            they do.
    """
    evaluation = figures.evaluation_figures(runs)
    training = figures.training_figures(runs)
    all_figures = [*evaluation, *training]
    ids = {figure.title: f"figure-{number}" for number, figure in enumerate(all_figures, 1)}
    names = ", ".join(run.name for run in runs)
    text = (
        _environment()
        .get_template("report.html")
        .render(
            title=f"Runs {names}" if len(runs) > 1 else f"Run {names}",
            generator=GENERATOR,
            program_version=__version__,
            written=timestamp(),
            version=version,
            nonce=secrets.token_urlsafe(16),
            views=[_view(run, len(runs)) for run in runs],
            evaluation_figures=evaluation,
            training_figures=training,
            figure_ids=ids,
            figures={ids[f.title]: {"data": f.data, "layout": f.layout} for f in all_figures},
            evaluation_head=evaluation_tables.COLUMNS,
            differences=tables.config_differences(runs),
            environment=tables.environment(runs),
            style=Markup((FOLDER / "report.css").read_text()),
            script=Markup((FOLDER / "report.js").read_text()),
            plotly=_plotly() if all_figures else "",
        )
    )
    return text.encode("utf-8", "backslashreplace")  # names of files may not be UTF-8


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("translate.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _plotly() -> str:
    """Return Plotly's script, compressed: uncompressed, it exceeds the size limit of a page."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _view(run: RunData, runs: int) -> RunView:
    previews, damaged = preview_thumbnails(run.previews, runs)
    try:
        rows = [row.title for row in sheets.read_rows(run.path)]
    except CheckpointError:
        rows = []  # the examination of the run lists the error
    found, config = run.evaluation, run.history.config
    problems, more = tables.problems(run)
    rankings, damaged_examples = _rankings(run, runs)
    return RunView(
        run,
        _summary(run),
        previews,
        rows,
        list(
            dict.fromkeys([*run.missing, *damaged, *damaged_examples, *run.examination.omissions])
        ),
        yaml.dump(config) if config else "",
        evaluation_tables.caption(found) if found else "",
        evaluation_tables.figure_rows(found) if found else [],
        rankings,
        json.dumps(found.protocol, indent=2, ensure_ascii=False) if found else "",
        problems,
        more,
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


def _rankings(run: RunData, runs: int) -> tuple[list[RankedImages], list[str]]:
    """Return the best and the worst test images, and a line if their thumbnails are damaged.

    Only the first ranking has thumbnails: the others are mostly of the same images.
    """
    found = run.evaluation
    rankings = examples.rankings(found) if found else []
    if not found or not rankings:
        return [], []
    first, *others = rankings
    count = max(MIN_RANKED, examples.RANKED // runs)
    ranking = replace(first, best=first.best[:count], worst=first.worst[:count])
    files = {
        name: found.examples[name]
        for name, _ in [*ranking.best, *ranking.worst]
        if name in found.examples
    }
    folder = result.thumbnail_folder(run.path / result.FILE)
    thumbnails, damaged = example_thumbnails(folder, files, runs)
    shown = [_ranked(ranking, thumbnails) if thumbnails else _ranked(first, {})]
    return [*shown, *(_ranked(other, {}) for other in others)], damaged


def _ranked(
    ranking: examples.Ranking, thumbnails: Mapping[str, Sequence[tuple[str, Thumbnail]]]
) -> RankedImages:
    best, worst = (
        [
            RankedImage(name, evaluation_tables.number(value), thumbnails.get(name, ()))
            for name, value in rows
        ]
        for rows in (ranking.best, ranking.worst)
    )
    return RankedImages(ranking.figure, best, worst)
