"""What an event hook gets: where the run lies, its configuration, and a way to stop it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """One training run: where it lies, its configuration, and a way to stop it."""

    path: Path
    """The run folder, which holds ``log.jsonl``, ``previews/`` and ``checkpoints/``."""
    config: Mapping[str, Any]
    """The resolved configuration, as ``config.yaml`` holds it."""
    steps: int
    """The step at which training ends."""
    _reasons: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def stop(self, reason: str) -> None:
        """End training at this step boundary: save a checkpoint and exit with code 0.

        Args:
            reason: Printed, and written to ``run.json`` with the plugin's name. ``--resume`` goes
                on from there. The first reason counts; after the last step it changes nothing.
        """
        self._reasons.append(str(reason) or "no reason given")

    @property
    def stop_reason(self) -> str:
        """Why a hook has stopped the run, or an empty text."""
        return self._reasons[0] if self._reasons else ""
