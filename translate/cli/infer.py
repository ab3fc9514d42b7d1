"""`translate infer`: translate images by a trained model."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from translate.cli.messages.counting import show_progress, summary
from translate.cli.parameters.shards import parse_shard, print_missing, shard_options
from translate.cli.parameters.values import LocalPath, parse_bytes
from translate.engine.system.locations import parse_location

if TYPE_CHECKING:
    from translate.engine.inference.folder import Execute
    from translate.engine.models.options import InferenceOptions

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("source", type=click.Path())
@click.argument("out", type=click.Path())
@click.option("--to", metavar="DOMAIN", help="Domain to translate to. [the last domain of the run]")
@click.option(
    "--size",
    type=click.IntRange(1),
    metavar="N",
    help="Scale images to this shorter side before translation, in pixels. [original size]",
)
@click.option(
    "--scale-back",
    is_flag=True,
    help="Scale outputs to the original size; without --size, translate at the size of training "
    "crops.",
)
@click.option(
    "--side",
    metavar="NAME",
    help="Half of side-by-side images to translate, after training on such images; whole: "
    "translate whole images. [none]",
)
@click.option(
    "--mask",
    type=click.Path(),
    metavar="DIR|FILE",
    help="Masks of the holes to inpaint: a folder with the names of the images, or a file for one "
    "image; white (or 1 in a mask of 0 and 1) is the hole. [transparent pixels]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    metavar="N",
    help="Images of one size that are translated together. [1; 8 on a GPU]",
)
@click.option(
    "--device",
    metavar="DEVICE",
    default="auto",
    help="Device to use: auto, cpu, cuda or cuda:N; auto takes a GPU if there is one. [auto]",
)
@click.option(
    "--backend",
    metavar="NAME",
    help="Program that runs the model: torch, or one that an exporter names, such as onnxruntime "
    "or openvino; the model is exported at the first use, and kept in the cache. [torch]",
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    help="File format of outputs, such as png, jpg, tif or webp, or one that a plugin writes. "
    "[that of the input if it can hold the output, else png]",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    metavar="N",
    help="Largest number of pixels of an input; larger ones are listed, not decoded. [178956970]",
)
@click.option(
    "--frames",
    type=click.Choice(["first", "all"]),
    help="Frames or pages of a file to translate; with all, each gives an output of its "
    "own. [first]",
)
@click.option(
    "--keep-metadata",
    is_flag=True,
    help="Copy EXIF and XMP data, including GPS, to outputs. [colour profiles, and of XMP owner "
    "and licence]",
)
@click.option(
    "--no-provenance",
    "provenance",
    flag_value=False,
    default=True,
    help="Write outputs without the metadata that says what made them, see docs/share.md. "
    "[DigitalSourceType, model, recipe and hash of the input, as XMP]",
)
@click.option(
    "--to-srgb",
    is_flag=True,
    help="Convert colours to sRGB through the profile of their file. [both are kept]",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="OPTION=VALUE",
    help="Option of the recipe's own to set, such as steps=20; `translate show RUN` lists them. "
    "[its defaults]",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Random seed of the noise, for a recipe that draws noise. [0]",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace existing files that were made from another input, model or options.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Translate only the first N images. [all]"
)
@click.option(
    "--trust",
    is_flag=True,
    help="Measure how far each output can be trusted, without ground truth: scores in "
    "OUT/.translate/done.jsonl, and a map NAME.trust.png next to the output, white where it is "
    "doubtful. See docs/trust.md.",
)
@click.option(
    "--tile",
    type=click.IntRange(16),
    metavar="N",
    help="Translate in tiles of NxN pixels, without seams, so that memory does not grow with the "
    "image. [in tiles only where an image would take more than --memory]",
)
@click.option(
    "--memory",
    metavar="SIZE",
    help="Memory that the values of a network may take, such as 4GB; what exceeds it is kept in "
    "scratch files in OUT. [400MB with --tile, else half of what is free]",
)
@shard_options
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(**arguments: Any) -> int:
    """Translate SOURCE, a file, a folder or a quoted glob, into the folder OUT.

    SOURCE and OUT may be URLs: s3://bucket/folder, gs://, any that fsspec knows.
    RUN is a run folder; RUN@STEP or RUN@best, one of its checkpoints; a checkpoint folder; a file
    of `translate pack`; or hf-hub:ORG/NAME[@REVISION], a model on the Hugging Face Hub.
    Outputs keep the relative path, name and size of their inputs. Outputs that exist, from the same
    input, model and options, are skipped; images that cannot be translated are listed in
    OUT/problems.jsonl. Processes started by torchrun share the images.

    \b
    Examples:
      translate infer runs/cyclegan-summer-winter datasets/summer/test out/
      translate infer runs/cyclegan-summer-winter "datasets/winter/test/*.png" back/ --to summer
    """
    return infer(**arguments)


def infer(
    run: Path,
    source: str,
    out: str,
    device: str,
    backend: str | None,
    quiet: bool,
    form: str | None,
    assignments: tuple[str, ...],
    memory: str | None,
    mask: str | None,
    files: Path | None,
    shard: str | None,
    missing: bool,
    trust: bool = False,
    executor: Callable[[InferenceOptions], Execute] | None = None,
    **options: Any,
) -> int:
    """Translate images as the arguments of the command say, and return its exit code.

    `executor` returns what does the work, in place of this process.
    """
    from translate.cli.parameters.assignments import parse_assignments
    from translate.engine.exports.backends import other_backend
    from translate.engine.exports.loading import load_model
    from translate.engine.inference.folder import translate_each
    from translate.engine.inference.inputs.paths import find_inputs
    from translate.engine.models.options import InferenceOptions
    from translate.engine.processes.launch import read_launch
    from translate.engine.processes.signals import Interrupts

    limit, place = parse_bytes(memory), parse_location(out)
    part = parse_shard(shard, missing=missing)
    if missing and part:
        return print_missing(place, part.count)
    if trust:
        from translate.engine.trust import meter
    inputs = find_inputs(source, place, files=files)
    given = {name: value for name, value in options.items() if value is not None}
    settings = InferenceOptions(
        format=form,
        options=parse_assignments(assignments),
        memory=limit,
        backend=other_backend(backend),
        shard=part,
        mask=parse_location(mask) if mask else None,
        **given,
    )
    model, messages = load_model(run, device, settings)
    with (
        show_progress("translating", quiet=quiet) as update_progress,
        Interrupts(work="the current tile" if settings.tile else "the current image") as interrupts,
    ):
        for message in messages:
            logger.info(f"{message} An older checkpoint is used.")
        if model.name != str(run):
            logger.info(f"{run} is {model.name}")
        results = translate_each(
            model,
            inputs,
            place,
            settings,
            trust=meter.open_meter if trust else None,
            stop=lambda: interrupts.caught,
            watch=update_progress,
            execute=executor(settings) if executor else None,
        )
        for result in results:
            update_progress(result)
        logger.info(summary(result))
    if interrupts.caught:
        return 128 + interrupts.caught
    single = read_launch().is_single  # torchrun ends the others after an exit of 3
    return 3 if result.listed and single else 0
