"""`translate infer`: a file, a folder or a glob, translated by a trained model."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from translate.cli.counting import FORMATS, counted, summary

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("source", type=click.Path())
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", metavar="DOMAIN", help="Translate to this domain. [the last]")
@click.option(
    "--checkpoint", metavar="last|STEP", default="last", help="Which one of a run. [last]"
)
@click.option(
    "--size",
    type=click.IntRange(1),
    metavar="N",
    help="Scale the shorter side to N first. [full size]",
)
@click.option(
    "--scale-back",
    is_flag=True,
    help="Return the original size; without --size, translate at the size of the training crops.",
)
@click.option(
    "--side",
    metavar="NAME",
    help="After training on joined images: the half of each to translate, or whole for images "
    "that are not joined. [none]",
)
@click.option(
    "--mask",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Folder of masks named as the images are, or the mask of one image: white (or 1 in a mask "
    "of 0 and 1) is the hole. [what is transparent]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    metavar="N",
    help="Pictures of one size translated at once. [1, on a GPU 8]",
)
@click.option(
    "--device", metavar="DEVICE", default="auto", help="auto, cpu, cuda or cuda:N. [auto]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Write this. [the input's, where it can hold the result, else png]",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    metavar="N",
    help="List larger pictures instead of decoding them. [178956970]",
)
@click.option(
    "--frames",
    type=click.Choice(["first", "all"]),
    help="Of a file with several frames or pages: all become pictures of their own. [first]",
)
@click.option(
    "--keep-metadata", is_flag=True, help="Keep EXIF data, GPS included. [colour profiles alone]"
)
@click.option("--overwrite", is_flag=True, help="Replace outputs that were made otherwise.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N images. [all]")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    run: Path,
    source: str,
    out: Path,
    checkpoint: str,
    device: str,
    quiet: bool,
    form: str | None,
    **options: Any,
) -> int:
    """Translate SOURCE (a file, a folder at any depth, or a quoted glob) into the folder OUT.

    RUN is a run folder or one of its checkpoints. Trees, names and sizes stay as they are. What is
    in OUT already, made from the same input by the same model, is skipped; what cannot be
    translated is listed in OUT/problems.jsonl. Under torchrun the pictures are shared out.

    \b
    Examples:
      translate infer runs/cyclegan-summer-winter datasets/summer/test out/
      translate infer runs/cyclegan-summer-winter "datasets/winter/test/*.png" back/ --to summer
    """
    from translate.engine.inference import model as infer
    from translate.engine.inference.folder import translate_each
    from translate.engine.inference.inputs import find_inputs
    from translate.engine.inference.options import InferenceOptions
    from translate.engine.processes.launch import launched
    from translate.engine.processes.signals import Interrupts

    inputs = find_inputs(source, out)
    model, complaints = infer.load(run, which=checkpoint, device=device)
    given = {name: value for name, value in options.items() if value is not None}
    settings = InferenceOptions(format=form, **given)
    with (
        counted("translating", quiet=quiet) as show_progress,
        Interrupts(say=logger.info) as interrupts,
    ):
        for complaint in complaints:
            logger.info(f"{complaint} An older checkpoint is used.")
        for result in translate_each(model, inputs, out, settings, stop=lambda: interrupts.caught):
            show_progress(result)
        logger.info(summary(result))
    if interrupts.caught:
        return 128 + interrupts.caught
    alone = launched().is_alone  # torchrun ends the others after an exit of 3
    return 3 if result.listed and alone else 0
