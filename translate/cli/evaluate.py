"""`translate evaluate`: metrics of a run or of a folder of images, next to baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from translate.cli.parameters.shared import device_option, quiet_option, set_option, to_option
from translate.cli.parameters.values import LocalPath, parse_size
from translate.engine.system import console

FORMATS = ("table", "md", "latex", "csv", "json", "card")


@click.command(no_args_is_help=True)
@click.argument("run", required=False)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Metric to measure; repeatable. `translate show --kind metric` lists them.  [default: "
    "all possible]",
)
@to_option
@click.option(
    "--split",
    metavar="NAME",
    help="Split of the run's data to measure, such as validation.  [default: test]",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Largest number of images to measure: with RUN, evenly spaced test images; with folders, "
    "the first images.  [default: all]",
)
@click.option(
    "--size",
    type=parse_size,
    metavar="N|HxW",
    help="Size in pixels: with RUN, of the centre crop; with folders, of the shorter side.  "
    "[default: with RUN, the size of training crops; with folders, that of the files]",
)
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(0),
    multiple=True,
    metavar="N",
    help="Random seed of the outputs, for a recipe that draws random numbers; repeatable, for the "
    "mean and standard deviation.  [default: 0]",
)
@set_option("Option of the recipe at inference, such as steps=20")
@click.option(
    "--real", type=LocalPath(), metavar="DIR", help="Folder of real images.  [default: none]"
)
@click.option(
    "--fake", type=LocalPath(), metavar="DIR", help="Folder of images to measure.  [default: none]"
)
@click.option(
    "--paired",
    is_flag=True,
    help="Compare each image of --fake with the image of the same name in --real.",
)
@click.option(
    "--mask",
    type=LocalPath(),
    metavar="DIR",
    help="Folder of masks: only white pixels are measured.  [default: none]",
)
@click.option(
    "--source",
    type=LocalPath(),
    metavar="DIR",
    help="Folder of the inputs that --fake was translated from, under the same names; for "
    "baselines.  [default: none]",
)
@click.option(
    "--train",
    type=LocalPath(),
    metavar="DIR",
    help="Folder of training images of the target domain, for baselines.  [default: none]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=16,
    metavar="N",
    help="Images per batch.  [default: 16]",
)
@device_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    metavar="FORMAT",
    help="What to print: table, md, latex, csv, json, or card, the evaluation block of a model "
    "card.  [default: table]",
)
@click.option(
    "--out",
    type=LocalPath(path_type=Path),
    metavar="FILE",
    help="JSON file to write; thumbnails of the best and worst images go into a folder next to "
    "it, such as evaluation-images for evaluation.json.  [default: RUN/evaluation.json; none for "
    "folders]",
)
@quiet_option
def command(
    size: int | list[int] | None,
    seeds: tuple[int, ...],
    form: str,
    quiet: bool,
    **arguments: Any,
) -> int:
    """Compute metrics of a model or a folder, and of baselines.

    With RUN, the model translates the test images of its data, and its outputs are measured. RUN
    is a run folder; a checkpoint of it, such as runs/first@500, runs/first@best or the folder of
    the checkpoint; a file of `translate pack`; or hf-hub:ORG/NAME[@REVISION], a model on the
    Hugging Face Hub. Without RUN, the images in --fake are compared with those in --real.

    Each metric is printed with a confidence interval and its value for the best baseline, a simple
    method such as copying the input. The metric is flagged if that baseline is as good. All values
    are written to evaluation.json in the run folder, and thumbnails of the best and worst images to
    the folder evaluation-images next to it.

    \b
    Examples:
      translate evaluate runs/cyclegan-summer-winter
      translate evaluate --real datasets/winter/test --fake out/ --paired --metric psnr
    """
    from translate.evaluate import tables
    from translate.evaluate.entry import evaluate

    with console.messages(lambda line: console.say(line, err=True), quiet=quiet):
        result = evaluate(
            size=(size[0], size[1]) if isinstance(size, list) else size,
            seeds=seeds or (0,),
            **arguments,
        )
    if not quiet:
        console.show(tables.FORMATS[form](result))
    return 0
