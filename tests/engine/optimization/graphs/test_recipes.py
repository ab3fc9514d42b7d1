"""Every recipe has the same weights with graphs and without; no penalized network is compiled."""

import pytest
import torch
from static_graphs import capture_static

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.engine.optimization.graphs.networks import OBSERVED_STEPS, GraphedNetworks
from translate.engine.optimization.step import take_step
from translate.recipe import Recipe
from translate.registry import names

TESTED_BY_DEFAULT = {"pix2pix", "wgan-gp"}
PENALIZED = {"wgan-gp", "deblurgan"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[] if n in TESTED_BY_DEFAULT else [pytest.mark.slow])
        for n in sorted(names("recipe"))
    ],
)
def test_a_recipe_has_the_same_weights_with_graphs_and_without(name: str) -> None:
    subject = make_subject(name, small_options("recipe", name), None, None)

    def run(*, graphed: bool) -> tuple[Recipe, GraphedNetworks]:
        training = subject.build()
        graphs = GraphedNetworks(training.recipe if graphed else None, capture_static)
        torch.manual_seed(2)
        for number in range(21 if "wgan" in name else OBSERVED_STEPS + 3):
            with graphs.step():
                take_step(training, subject.batch(number), 100)
        return training.recipe, graphs

    (eager, _), (replayed, graphs) = run(graphed=False), run(graphed=True)
    torch.testing.assert_close(replayed.state_dict(), eager.state_dict(), rtol=0, atol=0)
    if name in TESTED_BY_DEFAULT:
        assert any(network.graphs for network in graphs.networks)
    penalized = [n.name for n in graphs.networks if "gradient is differentiated" in n.obstacle]
    recipe = subject.build().recipe
    recipe.compile()  # prepares, and would compile at the first call
    for network in penalized:  # compiled code has no second derivative
        assert recipe.get_submodule(network)._compiled_call_impl is None, network
    assert bool(penalized) == (name in PENALIZED)
