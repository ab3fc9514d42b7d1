"""What `translate pack` and `translate push` share: options of the model card, and messages."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from translate.cli.parameters.shared import combine_options, quiet_option
from translate.engine.system import console

if TYPE_CHECKING:
    from translate.exchange.publication.model_files import ModelFiles

logger = logging.getLogger(__name__)

card_options = combine_options(
    click.option(
        "--license",
        "licence",
        metavar="NAME",
        help="Licence of the model for its card, such as mit or cc-by-4.0.  [default: unknown]",
    ),
    click.option(
        "--data-license",
        "data_licence",
        metavar="NAME",
        help="Licence of the training images for its card.  [default: unknown]",
    ),
    click.option(
        "--no-preview",
        is_flag=True,
        help="Omit the newest preview, which shows images of the data, from the card.",
    ),
    quiet_option,
)


class Publication(NamedTuple):
    """A model with its card, and messages for the user."""

    model: ModelFiles
    messages: list[str]
    """on images and licences in the card"""
    problems: list[str]
    """why newer checkpoints of the run cannot be used"""

    def report(self, line: str) -> None:
        """Print `line` and the messages."""
        for problem in self.problems:
            logger.info(problem)
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
        reference: What the card names as RUN in its commands.
        name: Name of the model.
        licence: Licence of the model, as the Hugging Face Hub names it; None: unknown.
        data_licence: Licence of the training images; None: unknown.
        no_preview: Omit the newest preview from the card.
    """
    from translate.engine.checkpoints.references.lookup import resolve
    from translate.exchange.publication.model_files import collect_files
    from translate.report.model_card import make_card

    checkpoint, problems = resolve(run)  # once: a branch on the Hub may change
    licences = {"licence": licence, "data_licence": data_licence}
    card = make_card(checkpoint, reference, **licences, with_preview=not no_preview)
    messages = []
    if card.preview:
        messages.append(
            f"its card shows {card.preview}, with images of the data; omit it: --no-preview"
        )
    licence_options = {"--license NAME": licence, "--data-license NAME": data_licence}
    if missing := [option for option, value in licence_options.items() if value is None]:
        messages.append(f"its card does not state every licence: set {', '.join(missing)}")
    return Publication(collect_files(checkpoint, name, card.text, card.preview), messages, problems)
