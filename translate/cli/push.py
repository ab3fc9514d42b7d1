"""`translate push`: upload a model to the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from translate.cli.parameters.publication import card_options, prepare
from translate.cli.parameters.values import LocalPath


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("repository", metavar="ORG/NAME")
@click.option(
    "--private",
    is_flag=True,
    help="Make the repository private, if it is created.  [default: public]",
)
@click.option(
    "--revision",
    metavar="BRANCH",
    help="Branch to upload to; created if it is new.  [default: main]",
)
@card_options
def command(
    run: Path, repository: str, private: bool, revision: str | None, quiet: bool, **card: Any
) -> None:
    """Upload the model of RUN to the Hugging Face Hub.

    The repository ORG/NAME gets what `translate pack` writes: weights, configuration, a model card
    and a sample. Every command accepts `hf-hub:ORG/NAME` as RUN. Log in first with `hf auth login`;
    the environment variable HF_ENDPOINT selects another server.

    \b
    Examples:
      translate push runs/cyclegan-summer-winter me/summer-winter --private --license mit
      translate infer hf-hub:me/summer-winter photos/ out/
    """
    from translate.engine.checkpoints.references import hub
    from translate.exchange.publication.hub_upload import push

    destination = hub.parse_reference(repository)
    hub.library()  # before any work
    publication = prepare(run, str(destination), destination.repository.partition("/")[2], **card)
    model = publication.model
    upload = push(model, destination.repository, private=private, revision=revision)
    if not quiet:
        publication.report(
            f"{upload.address}: {len(model.files)} files, model {model.record.model}\n"
            f"translate infer {upload.reference} SOURCE OUT"
        )
