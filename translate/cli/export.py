"""`translate export`: write a model as a file of another program."""

from pathlib import Path

import click

from translate.engine.system import console


@click.command(no_args_is_help=True)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", metavar="DOMAIN", help="Domain to translate to. [the last domain of the run]")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(run: Path, file: Path, to: str | None, quiet: bool) -> None:
    """Write the model of RUN as FILE, in the format of its suffix, for other programs.

    The outputs of FILE are compared with those of the model at two sizes before it is written. Its
    metadata has the domains, the range of numbers and the sizes of images. `translate show --kind
    exporter` lists the formats.

    \b
    Examples:
      translate export runs/cyclegan-summer-winter model.pt2
      translate export runs/cyclegan-summer-winter back.pt2 --to summer
    """
    from translate.exchange.export import export_model

    differences = export_model(run, file, to=to)
    if quiet:
        return
    console.say(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    for (height, width), value in differences:
        console.say(f"largest difference from PyTorch at {width}x{height}: {value:.2g} of [-1, 1]")
