"""State in plain attributes is found wherever it is; other attributes break no rule."""

import random
import time
from collections import deque
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn
from valid_recipe import ValidRecipe, register_parts

from translate.contract.attributes import attributes, differing_names
from translate.contract.recipes.subject import make_subject
from translate.contract.recipes.training import resumes_exactly


def recipe_with(
    name: str, update: Callable[[ValidRecipe, float], object], initial: object = None
) -> type:
    """Return a valid recipe with the attribute ``kept``, which `update` changes in each step.

    Args:
        name: The name of the class.
        update: A function of the recipe and the mean of the source images.
        initial: The first value of ``kept``, or a function that returns it.
    """

    class RecipeWithState(ValidRecipe):
        def __init__(self, spec, *, width=3):
            super().__init__(spec, width=width)
            self.kept = initial() if callable(initial) else initial

        def step(self, batch):
            update(self, float(batch.source.mean()))
            yield from super().step(batch)

    RecipeWithState.__name__ = name
    return RecipeWithState


class RunningMean:
    def __init__(self) -> None:
        self.value = 0.0

    def add(self, number: float) -> None:
        self.value = 0.9 * self.value + 0.1 * number


def update_mean(recipe: ValidRecipe, mean: float) -> None:
    recipe.kept = 0.9 * recipe.kept + mean


class SharedCounter(ValidRecipe):
    steps = 0

    def step(self, batch):
        type(self).steps += 1
        yield from super().step(batch)


STEPS = 0


class CountsInItsModule(ValidRecipe):
    def step(self, batch):
        global STEPS
        STEPS += 1
        yield from super().step(batch)


STATEFUL = {
    "kept": [
        recipe_with("RunningMean", update_mean, 0.0),
        recipe_with("TensorMean", update_mean, lambda: torch.zeros(1)),
        recipe_with("ArrayMean", update_mean, lambda: np.zeros(1)),
        recipe_with("Counter", lambda r, _: setattr(r, "kept", r.kept + 1), 0),
        recipe_with("PrivateRandom", lambda r, _: r.kept.random(), lambda: random.Random(0)),
        recipe_with(
            "PrivateTorch",
            lambda r, _: torch.rand(1, generator=r.kept),
            lambda: torch.Generator().manual_seed(0),
        ),
        recipe_with("PrivateNumpy", lambda r, _: r.kept.random(), lambda: np.random.default_rng(0)),
        recipe_with("Iterator", lambda r, _: next(r.kept), count),
    ],
    "len(kept)": [
        recipe_with("History", lambda r, mean: r.kept.append(mean), list),
        recipe_with("Window", lambda r, mean: r.kept.append(mean), lambda: deque(maxlen=9)),
        recipe_with("Table", lambda r, mean: r.kept.update({r.iteration: mean}), dict),
    ],
    "kept.value": [recipe_with("OwnMeter", lambda r, mean: r.kept.add(mean), RunningMean)],
    "kept[0].weight": [
        recipe_with(
            "HiddenNetwork",
            lambda r, _: r.kept[0].weight.data.add_(1),
            lambda: [nn.Linear(1, 1, bias=False)],
        )
    ],
    "SharedCounter.steps": [SharedCounter],
    "test_attributes.STEPS": [CountsInItsModule],
}
"""recipes that lose state in a resume, by the name of the state in the message"""


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        pytest.param(recipe, name, id=recipe.__name__)
        for name, recipes in STATEFUL.items()
        for recipe in recipes
    ],
)
def test_state_in_a_plain_attribute_is_named(register_plugin, recipe: type, name: str) -> None:
    register_parts(register_plugin, recipes={"tested": recipe})
    with pytest.raises(AssertionError) as error:
        resumes_exactly(make_subject("tested", {}, None, None))
    message = str(error.value)
    assert name in message
    assert "belongs in a parameter, a buffer (register_buffer) or training_state()" in message


class KeepsABuffer(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.register_buffer("mean", torch.zeros(()))

    def step(self, batch):
        self.mean += batch.source.mean()
        yield from super().step(batch)


class KeepsTrainingState(ValidRecipe):
    mean = 0.0

    def step(self, batch):
        self.mean += float(batch.source.mean())
        yield from super().step(batch)

    def training_state(self):
        return {**super().training_state(), "mean": torch.tensor([self.mean], dtype=torch.float64)}

    def load_training_state(self, state):
        super().load_training_state(state)
        self.mean = float(state["mean"])


STATELESS = [
    KeepsABuffer,
    KeepsTrainingState,
    recipe_with("LastMean", lambda r, mean: setattr(r, "kept", mean)),
    recipe_with("LastTime", lambda r, _: setattr(r, "kept", time.perf_counter())),
    recipe_with("Cache", lambda r, _: r.kept.setdefault("grid", torch.ones(3)), dict),
    recipe_with("FromTheIteration", lambda r, _: setattr(r, "kept", r.iteration / 4)),
]


@pytest.mark.parametrize("recipe", STATELESS, ids=lambda recipe: recipe.__name__)
def test_state_that_a_resume_restores_breaks_no_rule(register_plugin, recipe: type) -> None:
    register_parts(register_plugin, recipes={"tested": recipe})
    resumes_exactly(make_subject("tested", {}, None, None))


def test_the_line_that_changes_the_state_is_named(register_plugin) -> None:
    class LosesAMean(ValidRecipe):
        mean = 0.0

        def step(self, batch):
            self.mean += float(batch.source.mean())
            yield from super().step(batch)

    register_parts(register_plugin, recipes={"tested": LosesAMean})
    with pytest.raises(AssertionError) as error:
        resumes_exactly(make_subject("tested", {}, None, None))
    assert "`self.mean += float(batch.source.mean())`" in str(error.value.place)


def test_attributes_are_compared_bit_for_bit_and_nan_equals_nan() -> None:
    module = nn.Linear(1, 1)
    module.kept = [float("nan"), np.array([float("nan")]), torch.tensor([float("nan")])]
    before = attributes(module)
    kept_names = {"len(kept)", "kept[0]", "kept[1]", "kept[2]"}
    assert set(before) == {"in_features", "out_features"} | kept_names
    assert not differing_names(before, attributes(module))
    module.kept[2][0] = 1.0
    module.in_features = 1.0
    assert differing_names(before, attributes(module)) == ["in_features", "kept[2]"]
