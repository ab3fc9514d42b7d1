"""`translate sample`: pictures drawn from noise by a trained model."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from translate.cli.counting import FORMATS, counted, summary

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--count",
    type=click.IntRange(1),
    metavar="N",
    help="Pictures in all; of a walk, in a row. [64, of a walk 12]",
)
@click.option(
    "--class",
    "label",
    metavar="NAME",
    help="Draw this class; all: a folder for each class. [each in turn]",
)
@click.option("--text", metavar="TEXT", help="Draw this, after training with captions. [none]")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Random seed. [0]")
@click.option("--grid", is_flag=True, help="Put them on one sheet, OUT/grid.png, as well.")
@click.option("--walk", is_flag=True, help="Draw OUT/walk.png instead: what the noise means.")
@click.option(
    "--checkpoint", metavar="last|STEP", default="last", help="Which one of a run. [last]"
)
@click.option(
    "--device", metavar="DEVICE", default="auto", help="auto, cpu, cuda or cuda:N. [auto]"
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="png", help="Format of the files. [png]"
)
@click.option("--overwrite", is_flag=True, help="Replace outputs that were made otherwise.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    run: Path,
    out: Path,
    count: int | None,
    label: str | None,
    text: str | None,
    seed: int,
    grid: bool,
    walk: bool,
    checkpoint: str,
    device: str,
    form: str,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Draw pictures from noise into the folder OUT, of the size that RUN was trained on.

    Picture N is a function of the model, the seed and N, however many are drawn. What is in OUT
    already, drawn by the same model from the same seed, is skipped. Where there are classes and
    none is named, each comes in turn.

    \b
    Examples:
      translate sample runs/dcgan-digits out/ --count 64 --grid
      translate sample runs/cgan-digits sevens/ --count 1000 --class 7
    """
    from translate.engine.inference import model as infer
    from translate.engine.inference.drawing import SampleRequest, draw_sheet, draw_walk
    from translate.engine.inference.sampling import sample_each
    from translate.engine.processes.signals import Interrupts
    from translate.images.encode import write_image

    model, complaints = infer.load(run, which=checkpoint, device=device)
    request = SampleRequest(count or (12 if walk else 64), label, text, seed)
    with (
        counted("drawing", quiet=quiet) as show_progress,
        Interrupts(say=logger.info) as interrupts,
    ):
        for complaint in complaints:
            logger.info(f"{complaint} An older checkpoint is used.")
        if walk:
            write_image(out / "walk.png", draw_walk(model, request))
            logger.info(f"{out / 'walk.png'}")
            return 0
        for result in sample_each(
            model, out, request, form=form, overwrite=overwrite, stop=lambda: interrupts.caught
        ):
            show_progress(result)
        if grid and not interrupts.caught:
            write_image(out / "grid.png", draw_sheet(model, request))
        logger.info(summary(result))
    if interrupts.caught:
        return 128 + interrupts.caught
    return 3 if result.listed else 0
