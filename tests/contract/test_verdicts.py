"""Each rule gets a verdict: kept, broken, not applicable, or not tried."""

from collections.abc import Callable
from types import MappingProxyType

from torch import nn
from valid_recipe import ValidRecipe, register

from translate.contract import recipes, verdicts
from translate.recipe import Turn

Plugin = Callable[..., object]


class AsksForImages(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch.images).mean())


class CannotBeMade(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.table = {}["missing"]


def test_what_cannot_be_tried_for_a_fault_is_noted_and_not_called_broken(
    register_plugin: Plugin,
) -> None:
    register(register_plugin, recipes={"stranger": AsksForImages})
    found = list(verdicts.run_rules("recipe", "stranger", {}))
    untried = [v.rule for v in found if v.note == "not tried: its steps fail, see above"]
    assert len(untried) == len(verdicts.STEPPING)
    register(register_plugin, "c:d", recipes={"unmade": CannotBeMade})
    _, *others = verdicts.run_rules("recipe", "unmade", {})
    assert {v.note for v in others} == {"not tried: it cannot be made"}


class RaisesInForward(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        return self.conv(x).reshape(-1, 7)


def test_rules_that_fail_by_one_cause_say_which_failed_first(register_plugin: Plugin) -> None:
    register(register_plugin, generators={"stranger": RaisesInForward})
    first, *repeated = (v for v in verdicts.run_rules("generator", "stranger", {}) if v.broken)
    assert len(repeated) == 3
    assert {v.same_as for v in repeated} == {first.rule}


def test_every_rule_of_a_recipe_has_the_method_that_keeps_it() -> None:
    from translate.contract.findings import MEMBERS

    rules = {rule.__name__ for rule in verdicts.RULES["recipe"]}
    assert rules <= MEMBERS.keys()
    assert {recipes.takes_turns, *verdicts.STEPPING} < set(verdicts.RULES["recipe"])


def test_networks_are_made_small_unless_the_caller_says_how_large(register_plugin) -> None:
    none = {"name": "patch", "norm": "none"}

    class Two(ValidRecipe):
        def __init__(self, spec, *, generator="resnet", judge=MappingProxyType(none)):
            super().__init__(spec)
            self.names = generator, judge

    register(register_plugin, recipes={"two": Two})
    assert verdicts.small_options("recipe", "two") == {
        "generator": {"name": "resnet", "width": 4, "blocks": 1},
        "judge": {"name": "patch", "norm": "none", "width": 4, "layers": 2},
    }
