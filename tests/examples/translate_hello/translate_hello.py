"""The command `translate hello RUN IMAGE`, which prints how much a model changes an image."""

import click

from translate import hookimpl


@hookimpl
def register_commands():
    return {"hello": command}


@click.command(no_args_is_help=True)
@click.argument("run")
@click.argument("image", type=click.Path(exists=True, dir_okay=False))
@click.option("--to", metavar="DOMAIN", help="Domain to translate to.  [default: the last]")
@click.option("--above", type=click.FloatRange(0, 255), default=0,
              help="Largest difference, in levels, for which the exit status is 1.")  # fmt: skip
def command(run, image, to, above):
    """Print the mean absolute difference between IMAGE and its translation by RUN.

    \b
    Examples:
      translate hello runs/cyclegan-summer-winter photo.jpg
      translate hello runs/cyclegan-summer-winter photo.jpg --to summer --above 8
    """  # noqa: D301 - click reads the escape
    import numpy as np  # imported when the command runs: `translate --help` stays fast
    from PIL import Image

    from translate.api import Translator

    translated = Translator.load(run)(image, to=to).convert("RGB")
    original = Image.open(image).convert("RGB").resize(translated.size)
    difference = np.abs(np.asarray(translated, float) - np.asarray(original, float)).mean()
    click.echo(f"hello from {run}: {image} differs by {difference:.1f} of 255")
    return 0 if difference > above else 1
