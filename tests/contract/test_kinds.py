"""The rules of recipes, and the small networks that they are tested with."""

from types import MappingProxyType

from valid_recipe import ValidRecipe, register_parts

from translate.contract import kinds
from translate.contract.causes import TESTED_METHODS
from translate.contract.recipes import training


def test_every_rule_of_a_recipe_names_the_method_that_it_tests() -> None:
    rules = {rule.__name__ for rule in kinds.RULES["recipe"]}
    assert rules <= TESTED_METHODS.keys()
    assert {training.takes_turns, *kinds.RULES_THAT_TRAIN} < set(kinds.RULES["recipe"])


def test_small_options_shrink_the_networks_of_a_recipe(register_plugin) -> None:
    patch = MappingProxyType({"name": "patch", "norm": "none"})

    class TwoNetworks(ValidRecipe):
        def __init__(self, spec, *, generator="resnet", discriminator=patch):
            super().__init__(spec)
            self.networks = generator, discriminator

    register_parts(register_plugin, recipes={"two": TwoNetworks})
    assert kinds.small_options("recipe", "two") == {
        "generator": {"name": "resnet", "width": 4, "blocks": 1},
        "discriminator": {"name": "patch", "norm": "none", "width": 4, "layers": 2},
    }
