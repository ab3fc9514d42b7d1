"""Every recipe gets the same weights with CUDA graphs as without; no penalized critic is compiled.

The tests run on a CPU, with the imitation of CUDA graphs of `static_graphs`.
"""

import pytest
import torch
from equal_tensors import assert_equal_tensors
from static_graphs import capture_static

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import RecipeSubject, make_subject
from translate.engine.optimization.graphs.networks import OBSERVED_STEPS, GraphedNetworks
from translate.engine.optimization.graphs.observation import PENALIZED
from translate.engine.optimization.step import take_step
from translate.recipe import Recipe
from translate.registry import names

NOT_SLOW = {"pix2pix", "wgan-gp"}
"""recipes that are tested by default, one without and one with a gradient penalty"""
PENALIZED_NETWORKS = {"wgan-gp": ["critic"], "deblurgan": ["critic"]}
"""networks with a gradient penalty, by recipe; all other recipes have none"""
GENERATOR_INTERVALS = {"wgan": 5, "wgan-gp": 5}
"""training steps per update of the generator, by recipe; all others update it at each step"""
SCHEDULE_STEPS = 100
"""the last step of the learning-rate schedule; the tests end long before"""


def subject_of(recipe: str) -> RecipeSubject:
    """Return `recipe` with small networks, on random images."""
    return make_subject(recipe, small_options("recipe", recipe), spec=None, folder=None)


def train(subject: RecipeSubject, *, graphed: bool) -> tuple[Recipe, GraphedNetworks]:
    """Train until each network that can be graphed was replayed; without `graphed`, none is."""
    training = subject.build()
    graphs = GraphedNetworks(training.recipe if graphed else None, capture_static)
    steps = GENERATOR_INTERVALS.get(subject.config.recipe, 1) * (OBSERVED_STEPS + 1)
    torch.manual_seed(2)
    for number in range(steps):
        with graphs.step():
            take_step(training, subject.batch(number), SCHEDULE_STEPS)
    return training.recipe, graphs


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(name, marks=[] if name in NOT_SLOW else [pytest.mark.slow])
        for name in sorted(names("recipe"))
    ],
)
def test_a_recipe_has_the_same_weights_with_graphs_and_without(recipe: str) -> None:
    subject = subject_of(recipe)
    (eager, _), (replayed, graphs) = train(subject, graphed=False), train(subject, graphed=True)
    assert_equal_tensors(replayed.state_dict(), eager.state_dict())
    assert any(network.graphs for network in graphs.networks)
    penalized = [network.name for network in graphs.networks if network.obstacle == PENALIZED]
    assert penalized == PENALIZED_NETWORKS.get(recipe, [])


@pytest.mark.parametrize("recipe", PENALIZED_NETWORKS)
def test_a_network_with_a_gradient_penalty_is_not_compiled(recipe: str) -> None:
    """A gradient penalty needs second derivatives, which compiled code does not have."""
    model = subject_of(recipe).build().recipe
    model.compile()  # compiles nothing yet: each compiled network would be at its first call
    compiled = {
        name: network._compiled_call_impl is not None for name, network in model.named_children()
    }
    assert compiled["generator"]
    assert not any(compiled[name] for name in PENALIZED_NETWORKS[recipe])
