"""Options of `translate train` that do not suit a run, or are settings: what to type instead."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from translate.cli.parameters.shared import MultiValueCommand

ONLY_FOR_NEW_RUNS = ("plugin", "config", "init")
ONLY_WITH_RESUME = ("accept_data_change", "fork_run")
"""names of options, as click passes them, which suit only one of the two kinds of runs"""
AUTO = "auto"
"""value of --resume that continues the run in --out, or starts it if there is none"""


class SettingCommand(MultiValueCommand):
    """A command whose errors name the setting that was mistaken for an option."""

    def hint(self, option: str, args: list[str]) -> str:
        """Return the ``--set`` to type instead of `option`; empty if no setting has this name."""
        from translate.engine.config import layers, yaml_text
        from translate.errors import TranslateError

        options = dict(pairwise(args))  # each argument with the next: click has not parsed them
        try:
            recipe = options.get("--plugin")
            if not recipe and "--config" in options:
                recipe = yaml_text.read(options["--config"]).get("recipe")
            elif not recipe and (run := options.get("--resume") or options.get("--init")):
                recipe = yaml_text.read(str(Path(run) / "config.yaml")).get("recipe")
            return layers.hint(option.lstrip("-").replace("-", "_"), recipe)
        except (TranslateError, OSError):
            return ""


def refuse_mixed_options(arguments: Mapping[str, Any]) -> None:
    """Raise `click.UsageError` if options exclude each other, or a new run may be restarted."""
    from translate.engine.config.layers import is_given

    if arguments["as_json"] and not arguments["dry_run"]:
        raise click.UsageError("--json is for --dry-run.")
    if arguments["resume"] == AUTO:
        _check_automatic_resume(arguments)
        return
    if not arguments["resume"] and not arguments["dry_run"]:
        _refuse_restarts()
    unsuitable: tuple[str, ...] = ONLY_WITH_RESUME
    if arguments["resume"]:
        unsuitable = ONLY_FOR_NEW_RUNS if arguments["fork_run"] else (*ONLY_FOR_NEW_RUNS, "out")
    refused = ", ".join(
        f"--{name.replace('_', '-')}" for name in unsuitable if is_given(arguments[name])
    )
    if refused and arguments["resume"]:
        raise click.UsageError(f"--resume takes all settings from the run: leave out {refused}.")
    if refused:
        raise click.UsageError(f"{refused} is for --resume.")


def _check_automatic_resume(arguments: Mapping[str, Any]) -> None:
    """Raise if ``--resume auto`` has an option that does not suit it, or has no ``--out``."""
    if arguments["fork_run"]:
        raise click.UsageError("--fork-run needs --resume RUN, got --resume auto.")
    if not arguments["out"]:
        raise click.UsageError(
            "--resume auto continues the run in --out, or starts it: add --out DIR. For a run "
            "folder called auto: --resume ./auto."
        )


def _refuse_restarts() -> None:
    """Raise if torchrun may restart this command: the restarted command would start another run."""
    from translate.engine.processes.launch import max_restarts

    if restarts := max_restarts():
        raise click.UsageError(
            f"torchrun restarts this command after a failure (--max-restarts {restarts}), but a "
            "restart would not continue the run. Add --out DIR --resume auto."
        )
