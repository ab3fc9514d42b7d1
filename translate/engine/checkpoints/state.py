"""All that changes during training."""

from dataclasses import dataclass, field
from typing import Any

from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from translate.batches import ImageSpec
from translate.engine.checkpoints.optimizers import hyperparameters
from translate.engine.config import schema
from translate.recipe import Recipe


@dataclass
class TrainingState:
    """All that changes while training, and so all that a checkpoint must hold."""

    config: schema.Config
    spec: ImageSpec
    recipe: Recipe
    optimizers: dict[str, Optimizer]
    average: AveragedModel | None
    step: int = 0
    configured: dict[str, list[dict[str, Any]]] = field(init=False)
    """hyperparameters of each player's groups, as the recipe made them from its options"""

    def __post_init__(self) -> None:
        self.configured = {name: hyperparameters(o) for name, o in self.optimizers.items()}
