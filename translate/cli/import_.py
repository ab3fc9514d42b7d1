"""`translate import`: make a run of the weights of another program."""

import logging
from contextlib import nullcontext
from pathlib import Path

import click

from translate.engine.system import console

logger = logging.getLogger(__name__)


@click.command("import", no_args_is_help=True)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="RUN",
    help="Run folder to write. [required]",
)
@click.option(
    "--other",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Weights of the opposite direction, for a recipe that translates in both. [none]",
)
@click.option("--recipe", metavar="NAME", help="Recipe of the run. [by the kind of weights]")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(file: Path, out: Path, other: Path | None, recipe: str | None, quiet: bool) -> None:
    """Make a run of FILE, the weights of another program, to translate images with.

    FILE is a .pth, .pt or .safetensors file, recognized by the names and shapes of its tensors; no
    code in it is run. `translate show --kind importer` lists what is recognized. The run has no
    state of optimizers: `translate train --init RUN` trains it further.

    \b
    Examples:
      translate import latest_net_G.pth --out runs/imported
      translate import latest_net_G_A.pth --other latest_net_G_B.pth --out runs/both
    """
    from translate.exchange.import_ import import_weights

    with nullcontext() if quiet else console.messages():
        path = import_weights(file, out, other=other, recipe=recipe)
        logger.info(f"{path}: translate images by translate infer {out} SOURCE OUT")
