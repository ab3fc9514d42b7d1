"""A fault of a plugin is reported once, with the line of the plugin and the fix."""

import re
from pathlib import Path

import pytest
from command_result import ROOT
from torch import nn
from valid_recipe import ValidRecipe, register_parts

from translate.contract import kinds
from translate.contract.results import RuleResult, run_rules
from translate.recipe import Turn
from translate.testing import check_recipe


class ReadsAMissingField(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch.images).mean())


class UnpacksThree(ValidRecipe):
    def step(self, batch):
        source, _target, _labels = batch
        yield Turn("generator", mean=self.generator(source).mean())


class ReadsByKey(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch["source"]).mean())


class FailsInStepThree(ValidRecipe):
    def step(self, batch):
        if self.iteration == 3:
            raise KeyError("schedule")
        yield from super().step(batch)


class ReturnsATurn(ValidRecipe):
    def step(self, batch):
        return Turn("generator", mean=self.generator(batch.source).mean())


class YieldsAList(ValidRecipe):
    def step(self, batch):
        yield [Turn("generator", mean=self.generator(batch.source).mean())]


class CannotBeBuilt(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.value = {}["missing"]


class DividesByZero(ValidRecipe):
    def translate(self, images, *, to=None):  # noqa: ARG002
        return self.generator(images) * (1 // 0)


class TwoFaults(DividesByZero):
    def preview(self, batch):
        return {"source": batch.sources}


class ReadsAFileWhenConstructed(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.licence = self._read_licence()

    def _read_licence(self):
        return (ROOT / "LICENSE").read_bytes()


class TranslatesHalf(ValidRecipe):
    def translate(self, images, *, to=None):
        return super().translate(images, to=to)[..., ::2, ::2]


def distinct_failures(register_plugin, recipe: type) -> list[RuleResult]:
    """Return the failures of a check of `recipe`, one for each cause."""
    register_parts(register_plugin, recipes={"tested": recipe})
    results = list(run_rules("recipe", "tested", {}))
    assert len(results) == len(kinds.RULES["recipe"])
    return [result for result in results if result.failure and not result.same_as]


def line_number(code: str, class_name: str) -> int:
    """Return the number of the first line of this file with `code`, below the class."""
    lines = Path(__file__).read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if f"class {class_name}(" in line)
    return next(n for n, line in enumerate(lines[first:], start=first + 1) if code in line)


@pytest.mark.parametrize(
    ("recipe", "code", "message"),
    [
        (
            ReadsAMissingField,
            "batch.images",
            "it has no field 'images': use batch.source or batch.target, or choose",
        ),
        (UnpacksThree, "_labels = batch", "The batch is Pair(source, target)."),
        (ReadsByKey, 'batch["source"]', "The batch is Pair(source, target)."),
        (FailsInStepThree, "raise KeyError", "It raised KeyError: 'schedule'."),
        (CannotBeBuilt, '{}["missing"]', "It raised KeyError: 'missing'."),
        (DividesByZero, "1 // 0", "It raised ZeroDivisionError"),
        (ReadsAFileWhenConstructed, 'ROOT / "LICENSE"', "open files and connections at first use"),
        (TranslatesHalf, "def translate", "its geometry must state which"),
        (ReturnsATurn, "def step", "a step must yield a Turn for each update"),
        (YieldsAList, "yield [Turn", "expected Turn(player, name=loss)"),
    ],
)
def test_one_fault_is_reported_once_with_its_file_line_and_fix(
    register_plugin, recipe: type, code: str, message: str
) -> None:
    (result,) = distinct_failures(register_plugin, recipe)
    assert message in result.failure
    line = f"{__file__}, line {line_number(code, recipe.__name__)}: `"  # then the code
    assert line in result.place or line in result.failure


def test_two_faults_are_reported_separately(register_plugin) -> None:
    first, second = distinct_failures(register_plugin, TwoFaults)
    assert "it has no field 'sources'" in first.failure
    assert "ZeroDivisionError" in second.failure


class RaisesInForward(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        return self.conv(x).reshape(-1, 7)  # 7 divides no size of the test images


def test_rules_that_fail_by_the_same_exception_name_the_first_one(
    register_plugin,
) -> None:
    register_parts(register_plugin, generators={"tested": RaisesInForward})
    results = run_rules("generator", "tested", {})
    first, *others = (result for result in results if result.failure)
    assert others and {result.same_as for result in others} == {first.rule}
    assert f"line {line_number('reshape(-1, 7)', 'RaisesInForward')}: `" in first.place


def test_the_command_prints_a_repeated_failure_once_with_its_line(
    register_plugin, run_command
) -> None:
    register_parts(register_plugin, "acme:parts", generators={"tested": RaisesInForward})
    result = run_command("plugins", "check", "tested")
    assert result.out.count("BROKEN") == 1
    place = rf"^ +in .*{re.escape(__file__)}, line \d+: `return .*reshape"
    assert re.search(place, result.out, re.M)
    repeated = "Have finite gradients for the input and for every weight. (same failure as"
    assert f"  -       {repeated}" in result.out
    assert result.err == "Error: tested breaks a rule: see plugins/README.md.\n"


def test_an_assertion_error_names_the_line(register_plugin) -> None:
    register_parts(register_plugin, recipes={"tested": TranslatesHalf})
    line = line_number("def translate", "TranslatesHalf")
    with pytest.raises(AssertionError, match=rf"geometry.*{re.escape(__file__)}, line {line}"):
        check_recipe("tested")
