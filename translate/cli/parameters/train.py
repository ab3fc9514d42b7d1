"""Which options of `translate train` can be combined: for a new run, a resumed run, or both."""

from collections.abc import Mapping
from typing import Any

import click

ONLY_AT_THE_START = ("plugin", "config", "init")
ONLY_WITH_RESUME = ("accept_data_change", "fork_run")
AUTO = "auto"
"""value of --resume that continues the run in --out, or starts it if there is none"""


def refuse_mixed_options(given: Mapping[str, Any]) -> None:
    """Raise if an option is for new runs and this one is resumed, or the other way round."""
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
        raise click.UsageError(f"--resume takes all settings from the run: leave out {named}.")
    if wrong:
        raise click.UsageError(f"{named} is for --resume.")


def _expect_automatic_resume(given: Mapping[str, Any]) -> None:
    """Raise if an option does not suit ``--resume auto``."""
    if given["fork_run"]:
        raise click.UsageError("--fork-run needs --resume RUN, got --resume auto.")
    if not given["out"]:
        raise click.UsageError(
            "--resume auto continues the run in --out, or starts it: add --out DIR. For a run "
            "folder called auto: --resume ./auto."
        )


def _refuse_restarts() -> None:
    """Raise if torchrun may restart this command, which would then start another run."""
    from translate.engine.processes.launch import max_restarts

    if restarts := max_restarts():
        raise click.UsageError(
            f"torchrun restarts this command after a failure (--max-restarts {restarts}), but a "
            "restart would not continue the run. Add --out DIR --resume auto."
        )
