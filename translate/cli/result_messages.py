"""Messages at the end of training: how it ended, and what to type next."""

import logging
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from translate.results import TrainingResult

logger = logging.getLogger(__name__)


def report(result: "TrainingResult") -> None:
    """Log how training ended, and what to type next."""
    if result.signal or result.late or result.reason:
        why = "time is up" if result.late else "stopped"
        by = f" ({result.reason})" if result.reason else ""
        resume = f"translate train --resume {quote(str(result.path))}"
        logger.info(f"{why} at step {result.step}{by}: {resume}")
    elif result.next_command:
        if result.plateau:
            logger.info(f"stopped: {result.plateau}")
        logger.info(f"run: {result.path}, {result.step} steps")
        if result.best:
            logger.info(f"best: {result.best}, {result.path}@best")
        if result.preview:
            logger.info(f"preview: {result.preview}")
        logger.info(f"next: {result.next_command}")
    if result.listed and not result.signal:
        logger.info(f"{result.listed} listed in {result.path / 'problems.jsonl'}")
