"""A message after the first steps if training will take long; it names faster configurations."""

import logging

from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import yaml_text
from translate.engine.plugins.configs import configs
from translate.errors import ConfigError
from translate.progress import duration

MINUTE, DAY = 60, 24 * 3600  # seconds

logger = logging.getLogger(__name__)


def report_long_training(seconds: float, training: TrainingState, steps: int) -> None:
    """Log the remaining time if steps are slow, and small configurations if it is days on a CPU.

    Steps are slow if more than a minute passes between two lines of the log. A step takes
    `seconds`, and training ends at step `steps`.
    """
    left = (steps - training.step) * seconds
    if seconds * training.config.train.log_every > MINUTE:
        logger.info(f"{seconds:.1f} s per step, {duration(left)} left")
    if left < DAY or training.device.type != "cpu":
        return
    recipe = training.config.recipe
    small = [n for n in configs() if n.endswith("-small") and _recipe_of(n) == recipe]
    if small:
        options = " or ".join(f"--config {name}" for name in small)
        logger.info(f"For faster training on a CPU: {options}")


def _recipe_of(config: str) -> object:
    """Return the recipe in the configuration named `config`; None if its file cannot be read."""
    try:
        return yaml_text.read(config).get("recipe")
    except ConfigError:  # a broken file of a plugin
        return None
