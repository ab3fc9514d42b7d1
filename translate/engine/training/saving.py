"""Checkpoints during training: weights must be finite, and training survives a failed write."""

import logging
from pathlib import Path

from torch import Tensor

from translate.engine.checkpoints import retention, write
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import local_shard
from translate.engine.training.session import Session
from translate.errors import PluginError, SaveError, TrainingError

logger = logging.getLogger(__name__)


class Saver:
    """Writes checkpoints of a session."""

    def __init__(self, session: Session) -> None:
        self.training, self.writer, self.steps = session.training, session.writer, session.steps
        self.step = -1
        """the step of the newest checkpoint that this session has written; -1: none"""

    def write_checkpoint(self, *, is_first: bool = False, is_last: bool = False) -> None:
        """Write a checkpoint of this step.

        Raises:
            TrainingError: weights are not finite, or a plugin failed.
            SaveError: the first or last checkpoint cannot be written. If another one cannot, a
                message is logged, and the next one is written when it is due.
        """
        training = self.training
        weights = training.recipe.state_dict()
        names_not_finite = [
            name for name, tensor in weights.items() if not _is_finite(local_shard(tensor))
        ]
        if distributed.all_reduce_max(bool(names_not_finite)):
            name = names_not_finite[0] if names_not_finite else "a tensor of another process"
            raise TrainingError(
                f"step {training.step}: {name} is not finite, so nothing was saved; "
                "the last checkpoint is intact."
            )
        try:
            path = self._write(is_first)
        except SaveError as error:
            if is_first or is_last:
                raise
            self._report_retry(error)
            return
        self.step = training.step
        if distributed.is_first():
            self.writer.notify("checkpoint_saved", step=training.step, path=path)

    def _write(self, is_first: bool) -> Path:
        """Write a checkpoint; a plugin's error becomes a `TrainingError` unless it `is_first`."""
        training, step = self.training, self.training.step
        best = training.selection.best_by if training.selection else None
        try:
            return write.save(
                self.writer.path,
                training,
                resume=training,
                metrics=training.metric_values,
                best=best,
            )
        except MemoryError as error:
            raise SaveError(f"could not save step {step}: not enough memory") from error
        except PluginError as error:
            if is_first:
                raise
            raise TrainingError(
                f"step {step}: {error} The last checkpoint is intact; once the plugin is fixed: "
                f"--resume {self.writer.path}"
            ) from error.__cause__

    def _report_retry(self, error: SaveError) -> None:
        step = retention.newest_step(self.writer.path)
        newest = f"the checkpoint of step {step}" if step >= 0 else "no checkpoint"
        retry = min(self.training.step + self.training.config.train.save_every, self.steps)
        logger.info(f"{error}; {newest} is intact; trying again at step {retry}")


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())
