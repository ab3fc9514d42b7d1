"""The trained networks of a recipe, by name."""

from torch import nn

from translate.engine.optimization.networks.trained import trained_networks


def test_networks_are_modules_with_parameters_also_in_lists() -> None:
    recipe = nn.Module()
    recipe.generator, recipe.flatten = nn.Linear(1, 1), nn.Flatten()
    recipe.critics = nn.ModuleList([nn.Linear(1, 1), nn.ModuleDict({"a": nn.Linear(1, 1)})])
    recipe.codes = nn.ParameterList([nn.Linear(1, 1).weight])
    networks = dict(trained_networks(recipe))
    assert list(networks) == ["generator", "critics.0", "critics.1.a"]
    assert networks["critics.0"] is recipe.critics[0]
