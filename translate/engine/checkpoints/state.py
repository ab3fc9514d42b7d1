"""The contents of a checkpoint: a model and, to resume, the state of training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from translate.batches import ImageSpec
from translate.engine.checkpoints.references.selection import Selection
from translate.engine.checkpoints.training_state.optimizers import hyperparameters
from translate.engine.config import schema
from translate.recipe import Recipe


@dataclass
class ModelState:
    """A recipe with its weights, and all that inference needs to know of it."""

    config: schema.Config
    spec: ImageSpec
    recipe: Recipe
    average: AveragedModel | None = None
    """moving average of the weights"""
    step: int = 0

    @property
    def device(self) -> torch.device:
        """The device of the networks."""
        return next(self.recipe.parameters()).device


@dataclass
class TrainingState(ModelState):
    """A model in training: with its optimizers, and all else that a resumed run needs."""

    optimizers: dict[str, Optimizer] = field(kw_only=True)
    initial_groups: dict[str, list[dict[str, Any]]] = field(init=False)
    """hyperparameters of the parameter groups of each player's optimizer, before any step"""
    selection: Selection | None = None
    """the best checkpoint so far, if ``train.metric`` is set"""
    replica: Recipe | None = None
    """a copy of the recipe with gathered weights: only on the first process of a sharded run"""
    metric_values: Mapping[str, float] = field(default_factory=dict)
    """results of the evaluation at this step, by the name of the metric value"""

    def __post_init__(self) -> None:
        self.initial_groups = {name: hyperparameters(o) for name, o in self.optimizers.items()}
