"""What to train: a new run or the rest of a run, as `translate train` and `translate.api` ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from translate.engine.config.layers import is_given
from translate.errors import ConfigError

ONLY_FOR_NEW_RUNS = ("plugin", "config", "init")
ONLY_WITH_RESUME = ("accept_data_change", "fork_run")
"""names of fields that suit only one of the two kinds of runs"""
AUTO = "auto"
"""value of `resume` that continues the run in `out`, or starts it if there is none"""


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """The options of `translate train`; `ConfigError` is raised if some exclude each other."""

    plugin: str | None = None
    """name of the recipe; None: that of `config`"""
    config: str | Mapping[str, Any] | None = None
    """a configuration: its name, a file, or a mapping"""
    flags: Mapping[str, Any] = field(default_factory=dict)
    """settings by dotted key, which override `config`"""
    assignments: Sequence[str] = ()
    """settings ``section.key=VALUE``, which override `flags`"""
    out: Path | None = None
    """the run folder; None: a new one under ``runs/``, or next to the run of a fork"""
    resume: str | Path | None = None
    """a run to continue, or `AUTO`"""
    init: Path | None = None
    """a run with the initial weights of a new run"""
    fork_run: bool = False
    """whether to continue in another folder, where any setting may change that leaves the shapes of
    the weights unchanged"""
    accept_data_change: bool = False
    """whether to continue even if the images have changed"""
    dry_run: bool = False
    """whether to write nothing, and only to measure the plan of training"""

    def __post_init__(self) -> None:
        if None not in (self.flags.get("train.steps"), self.flags.get("train.epochs")):
            raise ConfigError(
                "--steps and --epochs both set the length of training: leave out one."
            )
        if self.resume == AUTO:
            self._check_automatic_resume()
            return
        unsuitable: tuple[str, ...] = ONLY_WITH_RESUME
        if self.resume is not None:
            unsuitable = ONLY_FOR_NEW_RUNS if self.fork_run else (*ONLY_FOR_NEW_RUNS, "out")
        refused = ", ".join(
            f"--{name.replace('_', '-')}" for name in unsuitable if is_given(getattr(self, name))
        )
        if refused and self.resume is not None:
            raise ConfigError(f"--resume takes all settings from the run: leave out {refused}.")
        if refused:
            raise ConfigError(
                f"{refused} is only for --resume: add --resume RUN, or leave out {refused}."
            )

    def _check_automatic_resume(self) -> None:
        if self.fork_run:
            raise ConfigError("--fork-run needs --resume RUN, got --resume auto.")
        if not self.out:
            raise ConfigError(
                "--resume auto continues the run in --out, or starts it: add --out DIR. For a run "
                "folder called auto: --resume ./auto."
            )
