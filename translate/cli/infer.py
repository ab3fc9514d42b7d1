"""`translate infer`: translate images with a trained model."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from translate.cli.messages.progress import report_model, show_progress, summary
from translate.cli.parameters.shards import parse_shard, print_incomplete_shards, shard_options
from translate.cli.parameters.shared import device_option, quiet_option, set_option, to_option
from translate.cli.parameters.values import LocalPath, parse_bytes
from translate.engine.system.locations import parse_location
from translate.engine.system.memory import without_collection

if TYPE_CHECKING:
    from translate.engine.inference.folder import Execute
    from translate.engine.models.options import InferenceOptions

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("source", type=click.Path())
@click.argument("out", type=click.Path())
@to_option
@click.option(
    "--size",
    type=click.IntRange(1),
    metavar="N",
    help="Scale the shorter side to N pixels before translation.  [default: original size]",
)
@click.option(
    "--scale-back",
    is_flag=True,
    help="Resize outputs to the size of their inputs. Without --size, inputs are first scaled to "
    "the size of the training crops.",
)
@click.option(
    "--side",
    metavar="NAME",
    help="Half of each image to translate, for a model that was trained on pairs side by side in "
    "one image; whole: SOURCE has single images.  [default: none]",
)
@click.option(
    "--mask",
    type=click.Path(),
    metavar="DIR|FILE",
    help="Masks of the holes to inpaint: a folder with the names of the images, or a file for one "
    "image; white (or 1 in a mask of 0 and 1) is the hole.  [default: transparent pixels]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    metavar="N",
    help="Images per batch, all of one size.  [default: 1; 8 on a GPU]",
)
@device_option
@click.option(
    "--backend",
    metavar="NAME",
    help="Library that runs the model: torch, or the backend of an exporter, which `translate show "
    "EXPORTER` names; the model is then exported at the first use, and cached.  [default: torch]",
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    help="File format of outputs: png, jpg, tif, webp or another; `translate show --kind format` "
    "lists them.  [default: that of the input if it can store the output, else png]",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    metavar="N",
    help="Largest number of pixels of an input; larger images are not decoded, but listed in "
    "problems.jsonl.  [default: 178956970, as in Pillow]",
)
@click.option(
    "--frames",
    type=click.Choice(["first", "all"]),
    help="Frames or pages of each file to translate; all: one output each.  [default: first]",
)
@click.option(
    "--keep-metadata",
    is_flag=True,
    help="Copy all EXIF and XMP data, including GPS.  [default: colour profile, owner, licence]",
)
@click.option(
    "--no-provenance",
    "provenance",
    flag_value=False,
    default=True,
    help="Write outputs without metadata that names the model and the input, see docs/share.md.  "
    "[default: XMP with DigitalSourceType, model, recipe and hash of the input]",
)
@click.option(
    "--to-srgb",
    is_flag=True,
    help="Convert colours from the file's profile to sRGB.  [default: kept]",
)
@set_option("Option of the recipe, such as steps=20")
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Random seed of a recipe that draws noise.  [default: 0]",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace existing files that were made from another input, model or options.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Translate N images only.  [default: all]"
)
@click.option(
    "--trust",
    is_flag=True,
    help="Measure how far each output can be trusted, without ground truth: a score in "
    "OUT/.translate/done.jsonl, and a map NAME.trust.png next to the output, which is white at "
    "unreliable pixels. See docs/trust.md.",
)
@click.option(
    "--tile",
    type=click.IntRange(16),
    metavar="N",
    help="Translate in tiles of NxN pixels, without seams, so that large images need little "
    "memory; large TIFF and .npy files are then read and written in parts.  [default: tiles only "
    "for images that need more than --memory]",
)
@click.option(
    "--memory",
    type=parse_bytes,
    metavar="SIZE",
    help="Memory that activations of the network may take, such as 4GB; activations that do not "
    "fit are kept in temporary files in OUT.  [default: 400MB with --tile, else half of the free "
    "memory]",
)
@shard_options
@quiet_option
def command(**arguments: Any) -> int:
    """Translate images with a trained model.

    RUN is a run folder; a checkpoint of it, such as runs/first@500, runs/first@best or the folder
    of the checkpoint; a file of `translate pack`; an exported file, such as model.onnx; or
    hf-hub:ORG/NAME[@REVISION], a model on the Hugging Face Hub. SOURCE is a file, a folder or a
    glob in quotes, and OUT the folder of the outputs. Both may be URLs that fsspec supports, such
    as s3://bucket/folder.

    Outputs keep the relative path, name and size of their inputs. A second call translates only
    the images without an output; outputs of another input, model or options are not
    replaced without --overwrite. Images that cannot be translated are listed in OUT/problems.jsonl.
    Processes started by torchrun divide the images among themselves.

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
    mask: str | None,
    files: Path | None,
    shard: str | None,
    missing: bool,
    trust: bool = False,
    make_execute: Callable[[InferenceOptions], Execute] | None = None,
    **options: Any,
) -> int:
    """Translate images with the options of `translate infer`, and return the exit code.

    `make_execute` takes the settings, and returns the function that translates the images in other
    processes. If it is None, this process translates them.
    """
    with without_collection():  # imports are faster without garbage collection
        from translate.engine.exports.backends import other_backend
        from translate.engine.exports.loading import load_model
        from translate.engine.inference.folder import FolderTranslation
        from translate.engine.inference.inputs.paths import find_inputs
        from translate.engine.models.options import InferenceOptions
        from translate.engine.processes.launch import read_launch
        from translate.engine.processes.signals import Interrupts

    location = parse_location(out)
    selected_shard = parse_shard(shard, missing=missing)
    if missing and selected_shard:
        return print_incomplete_shards(location, selected_shard.count)
    if trust:
        from translate.engine.trust import meter
    set_options = {name: value for name, value in options.items() if value is not None}
    settings = InferenceOptions(
        format=form,
        backend=other_backend(backend),
        shard=selected_shard,
        mask=parse_location(mask) if mask else None,
        **set_options,
    )
    inputs = find_inputs(source, location, files=files)
    model, messages = load_model(run, device, settings)
    with (
        show_progress("translating", quiet=quiet) as update_progress,
        Interrupts(work="the current tile" if settings.tile else "the current image") as interrupts,
    ):
        report_model(run, model.name, messages)
        translation = FolderTranslation(
            model,
            inputs,
            location,
            settings,
            trust=meter.open_meter if trust else None,
            stop=lambda: interrupts.signal,
            watch=update_progress,
        )
        for result in translation.run(make_execute(settings) if make_execute else None):
            update_progress(result)
        logger.info(summary(result))
    if interrupts.signal:
        return 128 + interrupts.signal
    is_single = read_launch().is_single  # else torchrun stops the other processes unless 0
    return 3 if result.listed and is_single else 0
