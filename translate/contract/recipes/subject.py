"""A recipe under test, which rules build, train for a few steps, save and load."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from translate.batches import Captioned, Domain, Images, ImageSpec, Labelled, Pair
from translate.contract.rules import require_equal
from translate.engine.checkpoints import read, write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers, schema
from translate.engine.data import check
from translate.engine.loading import loader
from translate.engine.loading.device import batch_to_device
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import StepResult, take_step
from translate.engine.system import randomness
from translate.engine.system.randomness import seed_everything
from translate.errors import ConfigError
from translate.recipe import Recipe
from translate.registry import find

CPU = torch.device("cpu")
STEPS = 10
"""steps of the learning rate schedule"""
BATCH_SIZE = 2
SPEC = ImageSpec(size=(32, 32), domains=(Domain("source"), Domain("target")))
RANDOM_SPECS: Mapping[type, ImageSpec] = {
    Pair: SPEC,
    Images: SPEC,
    Labelled: replace(SPEC, domains=SPEC.domains[:1], classes=("first", "second", "third")),
    Captioned: replace(SPEC, domains=SPEC.domains[:1], text_length=12),
}
"""the spec of random batches, by the type of the batches"""


@dataclass(frozen=True)
class RecipeSubject:
    """A recipe under test: its configuration and its images."""

    config: schema.Config
    spec: ImageSpec
    dataset: check.CheckedData | None = None
    """images of a folder; None: random images"""

    @property
    def owner(self) -> object:
        """The class of the plugin."""
        return find("recipe", self.config.recipe)

    def make(self) -> Recipe:
        """Construct the recipe, without optimizers, from a fixed seed."""
        seed_everything(0)
        return read.rebuild_recipe(read.Checkpoint(Path(), 0, self.config, self.spec, {}))

    def build(self) -> TrainingState:
        """Build the recipe with its optimizers and moving average, from a fixed seed."""
        return build_training(self.config, self.spec, CPU)

    def batch(self, index: int) -> Any:
        """Return batch `index`, with images in [-1, 1]; equal indices give equal batches."""
        if self.dataset:
            [(batch, _)] = loader.batches(
                self.dataset,
                self.config.data,
                seed=0,
                batch_size=BATCH_SIZE,
                steps=range(index, index + 1),
            )
            return batch_to_device(batch, CPU, self.spec)
        kind: Any = _batch_type(self.config)
        random = torch.Generator().manual_seed(index)
        return kind(*(self._random_field(name, random) for name in kind._fields))

    def _random_field(self, name: str, random: torch.Generator) -> Tensor:
        """Return the field `name` of a random batch."""
        spec = self.spec
        if name == "labels":
            return torch.randint(len(spec.classes), (BATCH_SIZE,), generator=random)
        if name == "text":
            shape = (BATCH_SIZE, spec.text_length)
            return torch.randint(ord("a"), ord("z"), shape, generator=random).byte()
        channels = spec.target.channels if name == "target" else spec.source.channels
        return torch.rand(BATCH_SIZE, channels, *spec.size, generator=random) * 2 - 1

    def train(self, training: TrainingState, steps: int) -> list[StepResult]:
        """Train for `steps` steps, as `translate train` does."""
        return [take_step(training, self.batch(training.step), STEPS) for _ in range(steps)]

    def reload(self, training: TrainingState) -> TrainingState:
        """Save `training`, and return the state that is loaded from the checkpoint."""
        with TemporaryDirectory() as folder:
            checkpoint = read.read_checkpoint(write.save(Path(folder), training, resume=training))
            recipe = read.rebuild_recipe(checkpoint)
            read.restore_weights(recipe, checkpoint.path)
            reloaded = build_training(checkpoint.config, checkpoint.spec, CPU)
            read.restore(reloaded, checkpoint)
        message = "Loaded for inference, {} differs from the saved one."
        require_equal(training.recipe.state_dict(), recipe.state_dict(), message)
        return reloaded


def make_subject(
    name: str, options: Mapping[str, Any], spec: ImageSpec | None, folder: Mapping[str, Any] | None
) -> RecipeSubject:
    """Return the recipe called `name` for testing.

    Args:
        name: The registered name.
        options: Options of the recipe.
        spec: Size and domains of random images; None: two domains of 32x32.
        folder: Settings of ``data``; None: random images.

    Raises:
        ConfigError: An option is unknown, or random batches for the layout are not known.
    """
    size_and_domains = spec or SPEC
    domains = list(size_and_domains.names) or ["source"]
    training = {"steps": STEPS, "schedule": "linear", "decay_from": 0.2, "ema": 0.9}
    document = {
        "options": options,
        "data": {"size": list(size_and_domains.size), "domains": domains, **(folder or {})},
        "train": {**training, "device": "cpu", "compile": False},
    }
    config = layers.resolve(name, config=document)
    if folder:
        checked_data = check.check_data(check.open_layout(config.data), config.data)
        return RecipeSubject(config, checked_data.layout.spec, checked_data)
    if (batch := _batch_type(config)) not in RANDOM_SPECS:
        raise ConfigError(
            f"the batches of the layout {config.data.layout_name!r} are unknown: give the check a "
            f"folder of images: --set data.layout={config.data.layout_name} --set data.root=DIR "
            '--set "data.domains=[A, B]", or data={"layout": ..., "root": ..., "domains": [...]}.'
        )
    return RecipeSubject(config, spec or RANDOM_SPECS[batch])


def training_tensors(training: TrainingState) -> dict[str, Any]:
    """Return copies of all tensors and values that a checkpoint must restore, by name."""
    recipe = training.recipe
    states: dict[str, Mapping[str, Any]] = {
        "weight": recipe.state_dict(),
        "training_state": recipe.training_state(),
    }
    if training.average:
        states["moving average"] = training.average.module.state_dict()
    for player, optimizer in training.optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            states[f"optimizer {player} {index}"] = values
    return randomness.random_state() | {
        f"{owner} {name}": value.detach().clone() if isinstance(value, Tensor) else value
        for owner, values in states.items()
        for name, value in values.items()
    }


def _batch_type(config: schema.Config) -> Any:
    """Return the attribute `batch` of the layout, the type of its batches, or None."""
    return getattr(find("layout", config.data.layout_name), "batch", None)
