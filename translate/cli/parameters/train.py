"""Commands of `translate train` that cannot be used as typed, and what to type instead."""

from itertools import pairwise
from pathlib import Path

import click

from translate.cli.parameters.shared import MultiValueCommand


class SettingCommand(MultiValueCommand):
    """A command with errors that name the setting that was mistaken for an option."""

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


def refuse_restarts() -> None:
    """Raise if torchrun may restart this command: the restarted command would start another run."""
    from translate.engine.processes.launch import max_restarts

    if restarts := max_restarts():
        raise click.UsageError(
            f"torchrun restarts this command after a failure (--max-restarts {restarts}), but a "
            "restart would not continue the run. Add --out DIR --resume auto."
        )
