"""`translate sample`: generate images with a trained model."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from translate.cli.messages.progress import report_model, show_progress, summary
from translate.cli.parameters.shared import device_option, quiet_option, set_option
from translate.cli.parameters.values import LocalPath

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("out", type=LocalPath(path_type=Path))
@click.option(
    "--count",
    type=click.IntRange(1),
    metavar="N",
    help="Number of images; with --walk, images per row.  [default: 64; 12 with --walk]",
)
@click.option(
    "--class",
    "label",
    metavar="NAME",
    help="Class to generate; all: --count images of every class, in a folder for each class.  "
    "[default: all classes in turn]",
)
@click.option(
    "--text",
    metavar="TEXT",
    help="Caption of the images to generate, for a model trained with captions.  [default: none]",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Random seed of the latents.  [default: 0]",
)
@set_option("Option of the recipe, such as guidance=4")
@click.option("--grid", is_flag=True, help="Also write all images as one image, OUT/grid.png.")
@click.option(
    "--walk",
    is_flag=True,
    help="Write rows of interpolations between latents to OUT/walk.png instead.",
)
@device_option
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    default="png",
    help="File format of the images: png, jpg, tif, webp or another; `translate show --kind "
    "format` lists them.  [default: png]",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace existing files that were made by another model or other options.",
)
@click.option(
    "--no-provenance",
    "provenance",
    flag_value=False,
    default=True,
    help="Write images without metadata that names the model, see docs/share.md.  [default: XMP "
    "with DigitalSourceType, model and recipe]",
)
@quiet_option
def command(
    run: Path,
    out: Path,
    count: int | None,
    label: str | None,
    text: str | None,
    seed: int,
    options: dict[str, Any],
    grid: bool,
    walk: bool,
    device: str,
    form: str,
    overwrite: bool,
    provenance: bool,
    quiet: bool,
) -> int:
    """Generate images with a trained model.

    RUN is a run folder; a checkpoint of it, such as runs/first@500, runs/first@best or the folder
    of the checkpoint; a file of `translate pack`; an exported generator, such as generator.onnx; or
    hf-hub:ORG/NAME[@REVISION], a model on the Hugging Face Hub.

    Images are written to the folder OUT, in the size that RUN was trained on. Image N depends only
    on the model, the seed and N, not on --count. Images that exist already, made with the same
    model and seed, are skipped.

    \b
    Examples:
      translate sample runs/dcgan-digits out/ --count 64 --grid
      translate sample runs/cgan-digits sevens/ --count 1000 --class 7
    """
    from translate.engine.exports.loading import load_generator
    from translate.engine.inference.sampling import sample_folder
    from translate.engine.models.generation import SampleRequest, draw_sheet, draw_walk
    from translate.engine.processes.signals import Interrupts
    from translate.images.encode import write_image
    from translate.images.metadata.provenance import header_of_sample

    model, messages = load_generator(run, device)
    default_count = 12 if walk else 64
    request = SampleRequest(
        count=count or default_count, label=label, text=text, seed=seed, options=options
    )
    maker = model.maker if provenance else None
    with (
        show_progress("generating", quiet=quiet) as update_progress,
        Interrupts(work="the current image") as interrupts,
    ):
        report_model(run, model.name, messages)
        if walk:
            sheet = draw_walk(model, request)
            write_image(out / "walk.png", sheet, header_of_sample(sheet, maker))
            logger.info(f"{out / 'walk.png'}")
            return 0
        for result in sample_folder(
            model,
            out,
            request,
            form=form,
            overwrite=overwrite,
            provenance=provenance,
            stop=lambda: interrupts.signal,
        ):
            update_progress(result)
        if grid and not interrupts.signal:
            sheet = draw_sheet(model, request)
            write_image(out / "grid.png", sheet, header_of_sample(sheet, maker))
        logger.info(summary(result))
    if interrupts.signal:
        return 128 + interrupts.signal
    return 3 if result.listed else 0
