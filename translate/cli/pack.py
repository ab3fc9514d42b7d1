"""`translate pack`: a model in one file."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from translate.cli.values import LocalPath
from translate.engine.system import console

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("file", type=LocalPath(path_type=Path))
@click.option(
    "--license",
    "licence",
    metavar="NAME",
    help="Licence of the model for its card, such as mit or cc-by-4.0. [unknown]",
)
@click.option(
    "--data-license",
    "data_licence",
    metavar="NAME",
    help="Licence of the training images for its card. [unknown]",
)
@click.option(
    "--no-preview",
    is_flag=True,
    help="Leave out the newest preview, which shows images of the data. [part of the card]",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    run: Path,
    file: Path,
    licence: str | None,
    data_licence: str | None,
    no_preview: bool,
    quiet: bool,
) -> None:
    """Write the model of RUN as FILE, a zip file that is a RUN for every command.

    It holds the weights, the configuration, a model card, the versions of plugins and a sample: an
    input with its output. `translate verify FILE` makes the sample again on another machine,
    without network, and compares it.

    \b
    Examples:
      translate pack runs/cyclegan-summer-winter winter.zip --license mit
      translate infer winter.zip photos/ out/
    """
    from translate.exchange.pack import expect_new_file, write_pack
    from translate.exchange.published import publish
    from translate.report.model_card import make_card

    expect_new_file(file)  # before any work
    card = make_card(
        run, file.name, licence=licence, data_licence=data_licence, shown=not no_preview
    )
    model = publish(run, file.stem, card.text, card.preview)
    size = write_pack(model, file)
    if quiet:
        return
    for problem in model.problems:
        logger.info(f"{problem} An older checkpoint is used.")
    console.say(
        f"{file}: {size / 1e6:.1f} MB, {len(model.files)} files, model {model.record.model}"
    )
    if card.preview:
        console.say(
            f"its card shows {card.preview}, images of the data: --no-preview leaves it out"
        )
    if licence is None or data_licence is None:
        console.say("licences are unknown in its card: --license NAME, --data-license NAME")
