"""Which options of `translate train` suit a start, a resume, or both."""

from collections.abc import Mapping
from typing import Any

import click

ONLY_AT_THE_START = ("plugin", "config", "init")
ONLY_WITH_RESUME = ("accept_data_change", "fork_run")
AUTO = "auto"
"""the run of --resume that is the one in --out, which is started if there is none"""


def refuse_mixed_options(given: Mapping[str, Any]) -> None:
    """Raise if an option is for a start and this is a resume, or the other way round.

    Args:
        given: The values of all options, by name.
    """
    from translate.engine.config.layers import is_given

    if given["as_json"] and not given["dry_run"]:
        raise click.UsageError("--json is for --dry-run.")
    if given["resume"] == AUTO:
        _expect_automatic_resume(given)
        return
    if not given["resume"] and not given["dry_run"]:
        _refuse_restarts()
    start = ONLY_AT_THE_START if given["fork_run"] else (*ONLY_AT_THE_START, "out")
    unsuitable = start if given["resume"] else ONLY_WITH_RESUME
    wrong = [f"--{name.replace('_', '-')}" for name in unsuitable if is_given(given[name])]
    named = ", ".join(wrong)
    if wrong and given["resume"]:
        raise click.UsageError(f"--resume takes everything from the run: leave out {named}.")
    if wrong:
        raise click.UsageError(f"{named} is for --resume.")


def _expect_automatic_resume(given: Mapping[str, Any]) -> None:
    """Raise if an option does not suit ``--resume auto``."""
    if given["fork_run"]:
        raise click.UsageError("--fork-run needs a run: --resume RUN in place of --resume auto.")
    if not given["out"]:
        raise click.UsageError(
            "--resume auto continues the run in --out, or starts it: add --out DIR. A run folder "
            "of that name is --resume ./auto."
        )


def _refuse_restarts() -> None:
    """Raise if torchrun may run this command again, which would not continue its run."""
    from translate.engine.processes.launch import max_restarts

    if restarts := max_restarts():
        raise click.UsageError(
            f"torchrun runs this command again after a failure (--max-restarts {restarts}), and it "
            "would not continue its run. Add --out DIR --resume auto."
        )
