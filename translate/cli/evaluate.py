"""`translate evaluate`: measure a run or a folder of images next to baselines."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

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
    help="Metric to measure; repeatable. `translate show --kind metric` lists them. [all that fit]",
)
@click.option("--to", metavar="DOMAIN", help="Domain to translate to. [the last domain of the run]")
@click.option(
    "--split", metavar="NAME", help="Split of the run's data to measure, such as validation. [test]"
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Measure at most N images, of a run spread evenly, of folders the first. [all]",
)
@click.option(
    "--size",
    metavar="N|HxW",
    help="Size of the images, in pixels: of a run, the crop; of folders, the shorter side. "
    "[the training crop; the size of the files]",
)
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(0),
    multiple=True,
    metavar="N",
    help="Random seed of the outputs, for a recipe that draws random numbers; several give mean "
    "and deviation. [0]",
)
@click.option("--real", type=LocalPath(), metavar="DIR", help="Folder of real images. [none]")
@click.option("--fake", type=LocalPath(), metavar="DIR", help="Folder of images to measure. [none]")
@click.option(
    "--paired", is_flag=True, help="Files of equal names in --real and --fake belong together."
)
@click.option(
    "--mask", type=LocalPath(), metavar="DIR", help="Folder of masks; white pixels count. [none]"
)
@click.option(
    "--source",
    type=LocalPath(),
    metavar="DIR",
    help="Folder of the inputs of --fake, by equal names, for baselines. [none]",
)
@click.option(
    "--train",
    type=LocalPath(),
    metavar="DIR",
    help="Folder of training images of the target domain, for baselines. [none]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=16,
    metavar="N",
    help="Images that are measured together. [16]",
)
@click.option(
    "--device",
    metavar="DEVICE",
    default="auto",
    help="Device to use: auto, cpu, cuda or cuda:N; auto takes a GPU if there is one. [auto]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    metavar="FORMAT",
    help="What to print: table, md, latex, csv, json, or card, the evaluation block of a model "
    "card. [table]",
)
@click.option(
    "--out",
    type=LocalPath(path_type=Path),
    metavar="FILE",
    help="JSON file to write; thumbnails of the best and the worst images go into the folder "
    "next to it that is called FILE, without suffix, and -images. [RUN/evaluation.json; none for "
    "folders]",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    run: str | None,
    metrics: tuple[str, ...],
    to: str | None,
    split: str | None,
    limit: int | None,
    size: str | None,
    seeds: tuple[int, ...],
    real: str | None,
    fake: str | None,
    paired: bool,
    mask: str | None,
    source: str | None,
    train: str | None,
    batch_size: int,
    device: str,
    form: str,
    out: Path | None,
    quiet: bool,
) -> int:
    """Measure the outputs of RUN on the test images of its data, next to baselines.

    RUN is a run folder; RUN@STEP or RUN@best, one of its checkpoints; a checkpoint folder; a file
    of `translate pack`; or hf-hub:ORG/NAME[@REVISION], a model on the Hugging Face Hub.
    Without RUN, the images in the folder --fake are measured against those in --real. Every figure
    has an interval and the best baseline, computed by the same code; a figure that a baseline
    reaches is flagged. All figures are written to evaluation.json in the run folder, and
    thumbnails of the best and the worst images to the folder evaluation-images next to it.

    \b
    Examples:
      translate evaluate runs/cyclegan-summer-winter
      translate evaluate --real datasets/winter/test --fake out/ --paired --metric psnr
    """
    from translate.evaluate import tables
    from translate.evaluate.entry import evaluate

    side = parse_size(size)
    with nullcontext() if quiet else console.messages(lambda line: console.say(line, err=True)):
        result = evaluate(
            run,
            real=real,
            fake=fake,
            paired=paired,
            mask=mask,
            source=source,
            train=train,
            metrics=metrics,
            to=to,
            split=split,
            limit=limit,
            size=(side[0], side[1]) if isinstance(side, list) else side,
            seeds=seeds or (0,),
            device=device,
            batch_size=batch_size,
            out=out,
        )
    if not quiet:
        console.show(tables.FORMATS[form](result))
    return 0
