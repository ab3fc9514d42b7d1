"""`translate weights`: list and add the files of pretrained networks of metrics and losses."""

from pathlib import Path

import click

from translate.cli.parameters.shared import json_option, quiet_option
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console


@click.group(invoke_without_command=True)
@json_option
@click.option("--quiet", is_flag=True, help="Print only the names of files that are missing.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List and add weights of pretrained networks of metrics.

    Each file is listed with its size, licence and address. Nothing is downloaded: download a file
    with a browser, on this or another machine, and add it.

    \b
    Examples:
      translate weights
      translate weights add ~/Downloads/alexnet-owt-7be5be79.pth
    """
    if ctx.invoked_subcommand:
        return
    from translate.exchange.weights import declared_files

    declared_weights = declared_files()
    if as_json:
        records = [
            {
                **vars(file),
                "path": str(file.path),
                "present": file.present,
                "used_by": [f"{kind} {name}" for kind, name in used_by],
            }
            for file, used_by in declared_weights
        ]
        console.show_json(records)
        return
    if quiet:
        for file in (file for file, _ in declared_weights if not file.present):
            console.say(file.name)
        return
    for file, used_by in declared_weights:
        state = "present" if file.present else "missing"
        console.say(f"{file.name}  {state}, {file.megabytes} MB, {file.licence}")
        console.say(f"  {file.network}")
        console.say(f"  used by {', '.join(f'{kind} {name}' for kind, name in used_by)}")
        console.say(f"  {file.path if file.present else file.url}")
    if any(not file.present for file, _ in declared_weights):
        console.say("Download a missing file, then: translate weights add FILE")


@command.command()
@click.argument("file", type=LocalPath(path_type=Path))
@quiet_option
def add(file: Path, quiet: bool) -> None:
    """Check a downloaded weight file, and copy it to the cache of PyTorch.

    FILE is recognized by its SHA-256, whatever its name. `translate weights` lists all files.

    \b
    Examples:
      translate weights add alexnet-owt-7be5be79.pth
      translate weights add ~/Downloads/ViT-L-14-336px.pt
    """
    from translate.exchange import weights

    added_file = weights.add(file)
    if not quiet:
        console.say(f"{added_file.network}: {added_file.path}")
