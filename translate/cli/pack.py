"""`translate pack`: write a model to one zip file, which every command accepts as RUN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from translate.cli.parameters.publication import card_options, prepare
from translate.cli.parameters.values import LocalPath


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("file", type=LocalPath(path_type=Path))
@card_options
def command(run: Path, file: Path, quiet: bool, **card: Any) -> None:
    """Pack the model of RUN into one zip file.

    Every command accepts FILE as RUN. It contains the weights, the configuration, a model card, the
    versions of plugins and a sample: an input with its output. `translate verify FILE` computes the
    output again, on any machine and without network, and compares both outputs.

    \b
    Examples:
      translate pack runs/cyclegan-summer-winter winter.zip --license mit
      translate infer winter.zip photos/ out/
    """
    from translate.exchange.publication.pack import check_new_file, write_pack

    check_new_file(file)  # before any work
    publication = prepare(run, file.name, file.stem, **card)
    model = publication.model
    size = write_pack(model, file)
    if not quiet:
        publication.report(
            f"{file}: {size / 1e6:.1f} MB, {len(model.files)} files, model {model.record.model}"
        )
