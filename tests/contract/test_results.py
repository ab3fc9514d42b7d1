"""A result for each rule, with a note if a rule does not apply or cannot be tested."""

from torch import nn
from valid_recipe import ValidRecipe, register_parts

from translate.batches import ImageSpec
from translate.contract import kinds, results
from translate.recipe import Recipe, Turn, adam


class FailsInStep(ValidRecipe):
    def step(self, batch):  # noqa: ARG002
        raise KeyError("missing")


class CannotBeBuilt(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.table = {}["missing"]


class NeitherTranslatesNorDraws(Recipe):
    defaults = {"data": {"layout": "images"}, "train": {"steps": 10}}

    def __init__(self, spec):
        super().__init__()
        self.network = nn.Conv2d(spec.source.channels, 1, 1)

    def optimizers(self):
        return {"network": adam(self.network)}

    def step(self, batch):
        yield Turn("network", mean=self.network(batch.images).abs().mean())


def test_rules_that_an_earlier_failure_prevents_are_not_tested(register_plugin) -> None:
    register_parts(register_plugin, recipes={"failing": FailsInStep, "unbuilt": CannotBeBuilt})
    notes = [result.note for result in results.run_rules("recipe", "failing", {})]
    assert notes.count("not tested: its steps fail, see above") == len(kinds.RULES_THAT_TRAIN)
    _, *others = results.run_rules("recipe", "unbuilt", {})
    assert {result.note for result in others} == {"not tested: it cannot be constructed"}


def test_rules_that_do_not_apply_to_a_recipe_have_a_note(register_plugin) -> None:
    register_parts(register_plugin, recipes={"one": NeitherTranslatesNorDraws})
    tested = results.run_rules("recipe", "one", {}, spec=ImageSpec((16, 24)))
    notes = [result.note for result in tested]
    assert notes.count("it does not translate") == 3
    assert notes.count("it returns no rows") == 1
