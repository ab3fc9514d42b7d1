"""Errors of a training step that name the step and the setting to change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translate.engine.checkpoints.state import TrainingState
from translate.engine.optimization.networks.checkpointing import repeated_blocks
from translate.engine.system.memory import is_out_of_memory, setting_to_increase
from translate.errors import ConfigError, PluginError, TrainingError


@contextmanager
def explained_failures(training: TrainingState, run: Path | None) -> Iterator[None]:
    """Replace exceptions of a step by errors that name the step and the setting to change.

    `run` is the folder of the run, for the command that resumes it; None if nothing is saved.

    Raises:
        TrainingError: A plugin failed, or there is not enough memory.
        ConfigError: Batches or crops are too small for a network.
    """
    try:
        yield
    except PluginError as error:
        intact = f" The last checkpoint is intact; once the plugin is fixed: --resume {run}"
        raise TrainingError(
            f"step {training.step + 1}: {error}{intact if run else ''}"
        ) from error.__cause__
    except (MemoryError, RuntimeError, ValueError) as error:
        config, (height, width) = training.config, training.config.data.crop
        batch_size, step = config.train.batch_size, training.step + 1
        if is_out_of_memory(error):
            smaller = f"--size {height // 2}x{width // 2}"
            flag = f"--batch-size {batch_size // 2}" if batch_size > 1 else smaller
            fork = "--fork-run "
            if _could_checkpoint(training):
                flag, fork = "--set train.checkpointing=true", ""
            resume = f"; the checkpoint can be resumed: --resume {run} {fork}{flag}"
            raise TrainingError(
                f"step {step}: there is not enough memory for batches of {batch_size} with crops "
                f"of {height}x{width}. Try {flag}{resume if run else ''}."
            ) from error
        if not (setting := setting_to_increase(error)):
            raise
        larger = f"--size {height * 2}x{width * 2}"
        flag = f"--batch-size {batch_size * 2}" if setting == "batch_size" else larger
        raise ConfigError(
            f"step {step}: batches of {batch_size} with crops of {height}x{width} are too small "
            f"for a network of {config.recipe}: {str(error).splitlines()[0]}. Try {flag}."
        ) from error


def _could_checkpoint(training: TrainingState) -> bool:
    """Return whether activation checkpointing would save memory."""
    train = training.config.train
    return not (train.checkpointing or train.compile) and any(repeated_blocks(training.recipe))
