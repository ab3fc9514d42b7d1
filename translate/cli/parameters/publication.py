"""What `translate pack` and `translate push` have in common: options of the card, messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from translate.engine.system import console

if TYPE_CHECKING:
    from translate.exchange.publication.published import PublishedModel

Command = TypeVar("Command", bound=Callable[..., Any])
logger = logging.getLogger(__name__)

OPTIONS = (
    click.option(
        "--license",
        "licence",
        metavar="NAME",
        help="Licence of the model for its card, such as mit or cc-by-4.0. [unknown]",
    ),
    click.option(
        "--data-license",
        "data_licence",
        metavar="NAME",
        help="Licence of the training images for its card. [unknown]",
    ),
    click.option(
        "--no-preview",
        is_flag=True,
        help="Leave out the newest preview, which shows images of the data. [part of the card]",
    ),
    click.option("--quiet", is_flag=True, help="Print nothing but errors."),
)


def card_options(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


class Publication(NamedTuple):
    """A model with its card, and what to say of them."""

    model: PublishedModel
    messages: list[str]

    def report(self, line: str) -> None:
        """Print `line`, which says where the model is now, and the messages."""
        for problem in self.model.problems:
            logger.info(f"{problem} An older checkpoint is used.")
        for text in (line, *self.messages):
            console.say(text)


def prepare(
    run: Path,
    reference: str,
    name: str,
    *,
    licence: str | None,
    data_licence: str | None,
    no_preview: bool,
) -> Publication:
    """Return the model of `run` with its card.

    Args:
        run: A run, one of its checkpoints, or a packed model.
        reference: The RUN of the commands in the card.
        name: What the model is called.
        licence: Of the model, as the Hub names it; None: unknown.
        data_licence: Of the training images; None: unknown.
        no_preview: Leave out the newest preview.
    """
    from translate.exchange.publication.published import publish
    from translate.report.model_card import make_card

    licences = {"licence": licence, "data_licence": data_licence}
    card = make_card(run, reference, **licences, shown=not no_preview)
    messages = []
    if card.preview:
        messages.append(f"its card shows {card.preview}, images of the data: see --no-preview")
    if None in licences.values():
        messages.append("licences are unknown in its card: --license NAME, --data-license NAME")
    return Publication(publish(run, name, card.text, card.preview), messages)
