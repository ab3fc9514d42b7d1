"""An early message if training will take long, with faster configurations for a CPU."""

import logging

from translate.engine.checkpoints.state import TrainingState
from translate.engine.config.yaml_text import read
from translate.engine.plugins.configs import configs
from translate.errors import ConfigError
from translate.progress import duration

DAY = 24 * 3600
MINUTE = 60

logger = logging.getLogger(__name__)


def report_long_training(seconds: float, training: TrainingState, steps: int) -> None:
    """Log the remaining time if it is long; beyond a day on a CPU, name smaller configurations.

    A step takes `seconds`, and training ends at step `steps`.
    """
    left = (steps - training.step) * seconds
    if seconds * training.config.train.log_every > MINUTE:
        logger.info(f"{seconds:.1f} s per step, {duration(left)} left")
    device = next(training.recipe.parameters()).device
    if left < DAY or device.type != "cpu":
        return
    recipe = training.config.recipe
    small = [n for n in configs() if n.endswith("-small") and _recipe_of(n) == recipe]
    if small:
        named = " or ".join(f"--config {name}" for name in small)
        logger.info(f"For faster training on a CPU: {named}")


def _recipe_of(config: str) -> object:
    """Return the recipe that a configuration names; None if it cannot be read."""
    try:
        return read(config).get("recipe")
    except ConfigError:  # a broken file of a plugin
        return None
