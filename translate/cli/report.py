"""`translate report`: write or serve an HTML page about runs."""

import logging
import time
from contextlib import ExitStack
from pathlib import Path

import click

from translate.cli.parameters.shared import quiet_option
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console
from translate.errors import require_package

DEFAULT_PORT = 7861

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=LocalPath(path_type=Path))
@click.option(
    "--out",
    type=LocalPath(path_type=Path),
    metavar="FILE",
    help="File to write.  [default: report.html in the run; of several runs, in the working "
    "directory]",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Serve the page on 127.0.0.1 instead of writing it; it reloads when the runs change.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help=f"Port of --watch; 0: a free one.  [default: {DEFAULT_PORT}]",
)
@quiet_option
def command(
    runs: tuple[Path, ...], out: Path | None, watch: bool, port: int | None, quiet: bool
) -> int:
    """Write an HTML page about one or more runs.

    The page is one file that works offline. It shows previews on a slider, metrics with their
    baselines, losses, gradients, learning rates, speed, settings, environment, training failures
    and problems. Several runs share the plots, and settings that differ are listed. A
    run may still be training; it is not changed.

    \b
    Examples:
      translate report runs/cyclegan-summer-winter
      translate report runs/first runs/second --out comparison.html
      translate report runs/first --watch
    """
    if watch and out:
        raise click.UsageError("--watch writes no file: leave out --out, or --watch.")
    if port is not None and not watch:
        raise click.UsageError("--port is only for --watch: add --watch, or leave out --port.")
    require_package("jinja2", "report")
    require_package("plotly", "report")
    from translate.engine.processes.signals import Interrupts
    from translate.report import output, page, run_data
    from translate.report.watch import serve_reports

    with ExitStack() as stack:
        stack.enter_context(console.messages(quiet=quiet))
        if watch:
            interrupts = stack.enter_context(Interrupts())
            address = stack.enter_context(
                serve_reports(runs, DEFAULT_PORT if port is None else port)
            )
            logger.info(f"Serving on {address}. Ctrl-C stops.")
            while not interrupts.signal:
                time.sleep(0.1)
            return 128 + interrupts.signal
        path = out or output.default_path(runs)
        output.require_replaceable(path)
        content = page.render(run_data.read_runs(runs))
        output.write(path, content)
        logger.info(f"{path}: {len(content) / 1e6:.1f} MB")
    return 0
