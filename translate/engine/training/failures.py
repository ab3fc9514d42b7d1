"""Failures of a training step: messages with the setting to change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translate.engine.checkpoints.state import TrainingState
from translate.engine.system.memory import out_of_memory, too_small
from translate.errors import ConfigError, PluginError, TrainingError


@contextmanager
def explained_failures(training: TrainingState, run: Path) -> Iterator[None]:
    """Raise the exception of a step again, with the step's number and what to change.

    The last checkpoint stays intact.
    """
    try:
        yield
    except PluginError as error:
        raise TrainingError(
            f"step {training.step + 1}: {error} The last checkpoint is intact; once the plugin "
            f"is fixed: --resume {run}"
        ) from error.__cause__
    except (MemoryError, RuntimeError, ValueError) as error:
        config, (height, width) = training.config, training.config.data.crop
        batch_size, step = config.train.batch_size, training.step + 1
        if out_of_memory(error):
            smaller = f"--size {height // 2}x{width // 2}"
            flag = f"--batch-size {batch_size // 2}" if batch_size > 1 else smaller
            raise TrainingError(
                f"step {step}: there is not enough memory for batches of {batch_size} with crops "
                f"of {height}x{width}. Try {flag}; the checkpoint can be resumed: "
                f"--resume {run} --fork-run {flag}."
            ) from error
        if not (setting := too_small(error)):
            raise
        larger = f"--size {height * 2}x{width * 2}"
        flag = f"--batch-size {batch_size * 2}" if setting == "batch_size" else larger
        raise ConfigError(
            f"step {step}: batches of {batch_size} with crops of {height}x{width} are too small "
            f"for a network of {config.recipe}: {str(error).splitlines()[0]}. Try {flag}."
        ) from error
