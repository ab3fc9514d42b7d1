"""Saving during training: checkpoints of finite weights, and what a failure to write one means."""

import logging
from pathlib import Path

from torch import Tensor

from translate.engine.checkpoints import retention, write
from translate.engine.processes import distributed
from translate.engine.training.session import Session
from translate.errors import PluginError, SaveError, TrainingError

logger = logging.getLogger(__name__)


class Saver:
    """Writes checkpoints of a session."""

    def __init__(self, session: Session) -> None:
        self.training, self.writer, self.steps = session.training, session.writer, session.steps
        self.step = -1
        """the step of the newest checkpoint of this session"""

    def write_checkpoint(self, *, first: bool = False, last: bool = False) -> None:
        """Write a checkpoint of this step.

        Raises `TrainingError` for weights that are not finite, and where a plugin fails. Raises
        `SaveError` where the `first` or `last` one cannot be written; another is tried again later.
        """
        training = self.training
        broken = [n for n, t in training.recipe.state_dict().items() if not _is_finite(t)]
        if broken:
            raise TrainingError(
                f"step {training.step}: {broken[0]} is not finite any more, so nothing was saved; "
                "the checkpoint before is intact."
            )
        try:
            path = self._write(first)
        except SaveError as error:
            if first or last:
                raise
            self._report(error)
            return
        self.step = training.step
        if distributed.is_first():
            self.writer.notify("checkpoint_saved", step=training.step, path=path)

    def _write(self, first: bool) -> Path:
        """Write a checkpoint; an error of a plugin stops a run that has begun."""
        step = self.training.step
        try:
            return write.save(self.writer.path, self.training, resume=self.training)
        except MemoryError as error:
            raise SaveError(f"could not save step {step}: not enough memory") from error
        except PluginError as error:
            if first:
                raise
            raise TrainingError(
                f"step {step}: {error} What was saved before is whole; once the plugin is fixed: "
                f"--resume {self.writer.path}"
            ) from error.__cause__

    def _report(self, error: SaveError) -> None:
        kept = next(
            (f"step {step}" for step, _ in retention.list_checkpoints(self.writer.path)), "none"
        )
        again = min(self.training.step + self.training.config.train.save_every, self.steps)
        logger.info(f"{error}; {kept} is intact; trying again at {again}")


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())
