"""`translate push`: upload a model to the Hugging Face Hub."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from translate.cli.values import LocalPath
from translate.engine.system import console

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("repository", metavar="ORG/NAME")
@click.option(
    "--private", is_flag=True, help="Make a new repository that only you can see. [public]"
)
@click.option(
    "--revision", metavar="BRANCH", help="Branch to upload to, made if there is none. [main]"
)
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
    repository: str,
    private: bool,
    revision: str | None,
    licence: str | None,
    data_licence: str | None,
    no_preview: bool,
    quiet: bool,
) -> None:
    """Upload the model of RUN to the repository ORG/NAME of the Hugging Face Hub.

    What is uploaded is what `translate pack` writes: weights, configuration, a model card and a
    sample. `hf-hub:ORG/NAME` is then a RUN for every command. `hf auth login` says who you are;
    HF_ENDPOINT names another server.

    \b
    Examples:
      translate push runs/cyclegan-summer-winter me/summer-winter --private --license mit
      translate infer hf-hub:me/summer-winter photos/ out/
    """
    from translate.engine.checkpoints import hub
    from translate.exchange.hub_upload import push
    from translate.exchange.published import publish
    from translate.report.model_card import make_card

    place = hub.parse_reference(repository)
    hub.library()  # before any work
    licences = {"licence": licence, "data_licence": data_licence}
    card = make_card(run, str(place), **licences, shown=not no_preview)
    model = publish(run, place.repository.partition("/")[2], card.text, card.preview)
    upload = push(model, place.repository, private=private, revision=revision)
    if quiet:
        return
    for problem in model.problems:
        logger.info(f"{problem} An older checkpoint is used.")
    console.say(f"{upload.address}: {len(model.files)} files, model {model.record.model}")
    console.say(f"translate infer {upload.reference} SOURCE OUT")
    if card.preview:
        console.say(f"its card shows {card.preview}, images of the data")
