"""`translate import`: convert the weights of another program to a run."""

import logging
from pathlib import Path
from typing import Any

import click

from translate.cli.parameters.shared import (
    MultiValueCommand,
    MultiValueOption,
    quiet_option,
    set_option,
)
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console

logger = logging.getLogger(__name__)


@click.command("import", cls=MultiValueCommand, no_args_is_help=True)
@click.argument("file", type=LocalPath(path_type=Path))
@click.option(
    "--out",
    type=LocalPath(path_type=Path),
    required=True,
    metavar="RUN",
    help="Run folder to write.",
)
@click.option(
    "--other",
    type=LocalPath(path_type=Path),
    metavar="FILE",
    help="Weights of the opposite direction, for a recipe that translates in both directions.  "
    "[default: none]",
)
@click.option(
    "--recipe", metavar="NAME", help="Recipe of the run.  [default: chosen by the importer]"
)
@click.option(
    "--domains",
    nargs=2,
    metavar="SOURCE TARGET",
    default=("source", "target"),
    help="Names for the source and target domain, which FILE does not contain.  [default: source "
    "target]",
)
@click.option(
    "--network",
    "networks",
    multiple=True,
    cls=MultiValueOption,
    metavar="NAME ...",
    help="Network to import, if FILE contains several; a second NAME is the network of the "
    "opposite direction.  [default: the only one]",
)
@set_option(
    "Option of the network that FILE does not contain, such as dropout=0",
    of="IMPORTER",
    default="assumed, and printed by the import",
)
@quiet_option
def command(file: Path, out: Path, quiet: bool, **arguments: Any) -> None:
    """Convert the weights of another program to a run.

    FILE is a .pth, .pt or .safetensors file, recognized by the names and shapes of its tensors; no
    code in FILE is run. `translate show --kind importer` lists the programs. RUN/README.md states
    where the weights come from, and what was assumed. The run has no optimizer state: fine-tune it
    with `translate train --init RUN`.

    \b
    Examples:
      translate import latest_net_G.pth --out runs/monet --domains photo monet
      translate import latest_net_G_A.pth --other latest_net_G_B.pth --out runs/both
      translate import latest_net_G.pth --out runs/sharp --recipe deblurgan
      translate import checkpoint.pt --network netG_A netG_B --out runs/both
    """
    from translate.exchange.import_ import import_weights

    with console.messages(quiet=quiet):
        path = import_weights(file, out, **arguments)
        logger.info(f"{path}: translate images by translate infer {out} SOURCE OUT")
