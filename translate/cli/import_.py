"""`translate import`: make a run of the weights of another program."""

import logging
from contextlib import nullcontext
from pathlib import Path

import click

from translate.cli.parameters.shared import Several, SeveralCommand
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console

logger = logging.getLogger(__name__)


@click.command("import", cls=SeveralCommand, no_args_is_help=True)
@click.argument("file", type=LocalPath(path_type=Path))
@click.option(
    "--out",
    type=LocalPath(path_type=Path),
    required=True,
    metavar="RUN",
    help="Run folder to write. [required]",
)
@click.option(
    "--other",
    type=LocalPath(path_type=Path),
    metavar="FILE",
    help="Weights of the opposite direction, for a recipe that translates in both. [none]",
)
@click.option("--recipe", metavar="NAME", help="Recipe of the run. [by the kind of weights]")
@click.option(
    "--domains",
    nargs=2,
    metavar="SOURCE TARGET",
    default=("source", "target"),
    help="Names for what FILE translates from and to, which it does not say. [source target]",
)
@click.option(
    "--network",
    "networks",
    multiple=True,
    cls=Several,
    metavar="NAME ...",
    help="Network in FILE to import, where it has several; a second one for the opposite "
    "direction. [the only one]",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="OPTION=VALUE",
    help="What FILE does not say, such as dropout=0; `translate show IMPORTER` lists the options. "
    "[stated by the import]",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: Path,
    out: Path,
    other: Path | None,
    recipe: str | None,
    domains: tuple[str, str],
    networks: tuple[str, ...],
    assignments: tuple[str, ...],
    quiet: bool,
) -> None:
    """Make a run of FILE, the weights of another program, to translate images with.

    FILE is a .pth, .pt or .safetensors file, recognized by the names and shapes of its tensors; no
    code in it is run. `translate show --kind importer` lists what is recognized. RUN/README.md says
    where the weights come from, and what was assumed. The run has no state of optimizers:
    `translate train --init RUN` trains it further.

    \b
    Examples:
      translate import latest_net_G.pth --out runs/monet --domains photo monet
      translate import latest_net_G_A.pth --other latest_net_G_B.pth --out runs/both
      translate import latest_net_G.pth --out runs/sharp --recipe deblurgan
      translate import checkpoint.pt --network netG_A netG_B --out runs/both
    """
    from translate.cli.parameters.assignments import parse_assignments
    from translate.exchange.import_ import import_weights

    with nullcontext() if quiet else console.messages():
        path = import_weights(
            file,
            out,
            other=other,
            recipe=recipe,
            domains=domains,
            networks=networks,
            options=parse_assignments(assignments),
        )
        logger.info(f"{path}: translate images by translate infer {out} SOURCE OUT")
