"""A recipe under test, which can be built and trained for a few steps as often as needed."""

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
from translate.engine.data import check, loader
from translate.engine.system import randomness
from translate.engine.system.randomness import seed_everything
from translate.engine.training.batch import batch_to_device
from translate.engine.training.build import build_training
from translate.engine.training.step import StepResult, take_step
from translate.errors import ConfigError
from translate.recipe import Recipe
from translate.registry import find

CPU = torch.device("cpu")
STEPS = 10
SPEC = ImageSpec(size=(32, 32), domains=(Domain("source"), Domain("target")))
LABELLED = replace(SPEC, domains=(Domain("source"),), classes=("first", "second", "third"))
CAPTIONED = replace(SPEC, domains=(Domain("source"),), text_length=12)


BATCHES: Mapping[type, ImageSpec] = {
    Pair: SPEC,
    Images: SPEC,
    Labelled: LABELLED,
    Captioned: CAPTIONED,
}
"""The batches that are drawn for a recipe to be tested without folders, and what it is told."""


@dataclass(frozen=True)
class Subject:
    """A recipe under test: its configuration, and where its images come from."""

    asked: schema.Config
    spec: ImageSpec
    prepared: check.CheckedData | None = None
    """images of a folder; without one they are random"""

    @property
    def owner(self) -> object:
        """The class of the plugin."""
        return find("recipe", self.asked.recipe)

    @property
    def example(self) -> Any:
        """A batch, for a message to name its fields."""
        return self.batch(0)

    def make(self) -> Recipe:
        """Construct the recipe alone."""
        seed_everything(0)
        return read.rebuild_recipe(read.Checkpoint(Path(), 0, self.asked, self.spec, {}))

    def build(self) -> TrainingState:
        """Make the recipe with its optimizers and average, from the seed."""
        return build_training(self.asked, self.spec, CPU)

    def batch(self, index: int, count: int = 2) -> Any:
        """Return batch `index`, in [-1, 1]; the same index gives the same batch."""
        if self.prepared:
            [(batch, _)] = loader.batches(
                self.prepared,
                self.asked.data,
                seed=0,
                batch_size=count,
                start=index,
                stop=index + 1,
            )
            return batch_to_device(batch, CPU, self.spec)
        kind: Any = _batch(self.asked)
        random = torch.Generator().manual_seed(index)
        return kind(*(self._random(part, count, random) for part in kind._fields))

    def _random(self, part: str, count: int, random: torch.Generator) -> Tensor:
        """Return one part of a batch of `count`, drawn from `random`."""
        spec = self.spec
        if part == "labels":
            return torch.randint(len(spec.classes), (count,), generator=random)
        if part == "text":
            letters = (count, spec.text_length)
            return torch.randint(ord("a"), ord("z"), letters, generator=random).byte()
        channels = spec.target.channels if part == "target" else spec.source.channels
        return torch.rand(count, channels, *spec.size, generator=random) * 2 - 1

    def train(self, training: TrainingState, steps: int) -> list[StepResult]:
        """Train for some steps, as a run does."""
        return [take_step(training, self.batch(training.step), STEPS) for _ in range(steps)]

    def reload(self, training: TrainingState) -> TrainingState:
        """Save `training`, and return the state that a new process loads from the checkpoint."""
        with TemporaryDirectory() as folder:
            found = read.read_checkpoint(write.save(Path(folder), training, resume=training))
            recipe = read.rebuild_recipe(found)
            read.restore_weights(recipe, found.path)
            reloaded = build_training(found.config, found.spec, CPU)
            read.restore(reloaded, found)
        saved = training.recipe.state_dict()
        require_equal(saved, recipe.state_dict(), "For inference, {} is not what was saved.")
        return reloaded


def subject(
    name: str, given: Mapping[str, Any], spec: ImageSpec | None, folder: Mapping[str, Any] | None
) -> Subject:
    """Return the recipe called `name` with the options `given`, to be tested."""
    course = {"steps": STEPS, "schedule": "linear", "decay_from": 0.2, "ema": 0.9}
    document = {
        "options": given,
        "data": {"domains": ["source"], **(_data_settings(spec or SPEC)), **(folder or {})},
        "train": {**course, "device": "cpu", "compile": False},
    }
    asked = layers.resolve(name, config=document)
    if folder:
        prepared = check.check_data(check.open_layout(asked.data), asked.data)
        return Subject(asked, prepared.layout.spec, prepared)
    if (batch := _batch(asked)) not in BATCHES:
        raise ConfigError(
            f"the batches of the layout {asked.data.layout_name!r} are unknown: give the check a "
            'folder of images, data={"layout": ..., "root": ..., "domains": [...]}.'
        )
    return Subject(asked, spec or BATCHES[batch])


def _data_settings(spec: ImageSpec) -> dict[str, Any]:
    domains = {"domains": list(spec.names)} if spec.domains else {}
    return {"size": list(spec.size), **domains}


def state(training: TrainingState) -> dict[str, Any]:
    """Return a copy of all that a checkpoint must contain, by readable names."""
    found: dict[str, Any] = {f"weight {k}": v for k, v in training.recipe.state_dict().items()}
    found |= {f"training_state {k}": v for k, v in training.recipe.training_state().items()}
    if training.average:
        average = training.average.module.state_dict()
        found |= {f"moving average {key}": value for key, value in average.items()}
    for player, optimizer in training.optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            found |= {f"optimizer {player} {index} {key}": v for key, v in values.items()}
    copy = {k: v.detach().clone() if isinstance(v, Tensor) else v for k, v in found.items()}
    return copy | randomness.random_state()


def _batch(asked: schema.Config) -> Any:
    """Return the type of the batches that the layout's class names, or None."""
    return getattr(find("layout", asked.data.layout_name), "batch", None)
