"""One cause is one finding, with the line of the plugin and the fix."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_result import ROOT
from torch import nn
from valid_recipe import ValidRecipe, register

from translate.contract import kinds
from translate.contract.results import RuleResult, run_rules
from translate.recipe import Turn
from translate.testing import check_recipe

Run = Callable[..., Any]
Plugin = Callable[..., object]


class ReadsImages(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch.images).mean())


class UnpacksThree(ValidRecipe):
    def step(self, batch):
        source, _target, _labels = batch
        yield Turn("generator", mean=self.generator(source).mean())


class ReadsByKey(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch["source"]).mean())


class FailsLate(ValidRecipe):
    def step(self, batch):
        if self.iteration == 3:
            raise KeyError("schedule")
        yield from super().step(batch)


class ReturnsATurn(ValidRecipe):
    def step(self, batch):
        return Turn("generator", mean=self.generator(batch.source).mean())


class ReturnsAList(ValidRecipe):
    def step(self, batch):
        return [Turn("generator", mean=self.generator(batch.source).mean())]


class ReturnsNothing(ValidRecipe):
    def step(self, batch):
        self.generator(batch.source).mean()


class YieldsAList(ValidRecipe):
    def step(self, batch):
        yield [Turn("generator", mean=self.generator(batch.source).mean())]


class YieldsADictionary(ValidRecipe):
    def step(self, batch):
        yield {"generator": self.generator(batch.source).mean()}


class CannotBeBuilt(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.table = {}["missing"]


class TranslatesWithADivision(ValidRecipe):
    def translate(self, images, *, to=None):  # noqa: ARG002
        return self.generator(images) * (1 // 0)


class TwoFaults(TranslatesWithADivision):
    def preview(self, batch):
        return {"source": batch.sources}


class OpensInHelper(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.table = self._table()

    def _table(self):
        return (ROOT / "LICENSE").read_bytes()


class TranslatesHalf(ValidRecipe):
    def translate(self, images, *, to=None):
        return super().translate(images, to=to)[..., ::2, ::2]


def findings(register_plugin: Plugin, recipe: type) -> list[RuleResult]:
    """Return the failures of a check of `recipe`, one for each cause."""
    register(register_plugin, recipes={"tested": recipe})
    results = list(run_rules("recipe", "tested", {}))
    assert len(results) == len(kinds.RULES["recipe"])
    return [v for v in results if v.failure and not v.same_as]


def line_of(text: str, after: str) -> int:
    """Return the number of the first line of this file with `text`, below the class `after`."""
    lines = Path(__file__).read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if f"class {after}(" in line)
    return next(n for n, line in enumerate(lines[first:], start=first + 1) if text in line)


@pytest.mark.parametrize(
    ("recipe", "code", "message"),
    [
        (ReadsImages, "batch.images", "The batch is Pair(source, target); it has no field"),
        (ReadsImages, "batch.images", "'images': use batch.source or batch.target, or choose"),
        (UnpacksThree, "_labels = batch", "The batch is Pair(source, target)."),
        (ReadsByKey, 'batch["source"]', "The batch is Pair(source, target)."),
        (FailsLate, "raise KeyError", "It raised KeyError: 'schedule'."),
        (CannotBeBuilt, '{}["missing"]', "It raised KeyError: 'missing'."),
        (TranslatesWithADivision, "1 // 0", "It raised ZeroDivisionError"),
        (OpensInHelper, 'ROOT / "LICENSE"', "open files and connections at first use"),
        (TranslatesHalf, "def translate", "or its geometry must state which"),
        (ReturnsATurn, "def step", "a step must yield a Turn for each update"),
        (ReturnsAList, "def step", "a step must yield a Turn for each update"),
        (ReturnsNothing, "def step", "a step must yield a Turn for each update"),
        (YieldsAList, "yield [Turn", "expected Turn(player, name=loss)"),
        (YieldsADictionary, "yield {", "expected Turn(player, name=loss)"),
    ],
)
def test_one_fault_is_one_finding_with_its_file_line_and_remedy(
    register_plugin: Plugin, recipe: type, code: str, message: str
) -> None:
    (finding,) = findings(register_plugin, recipe)
    assert message in finding.failure
    place = f"{__file__}, line {line_of(code, recipe.__name__)}: `"
    assert place in f"{finding.place} {finding.failure}", (finding.place, finding.failure)


def test_two_faults_are_two_findings(register_plugin: Plugin) -> None:
    first, second = findings(register_plugin, TwoFaults)
    assert "it has no field 'sources'" in first.failure
    assert "ZeroDivisionError" in second.failure


class RaisesInForward(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        return self.conv(x).reshape(-1, 7)


def test_a_network_that_raises_is_one_finding(register_plugin: Plugin) -> None:
    register(register_plugin, generators={"tested": RaisesInForward})
    finding, *repeated = (v for v in run_rules("generator", "tested", {}) if v.failure)
    assert [v.same_as for v in repeated] == [finding.rule] * 3
    assert f"line {line_of('reshape(-1, 7)', 'RaisesInForward')}: `" in finding.place


def test_the_command_prints_one_finding_and_its_line(
    register_plugin: Plugin, run_command: Run
) -> None:
    register(register_plugin, "sweets:sugar", generators={"tested": RaisesInForward})
    result = run_command("plugins", "check", "tested")
    assert result.out.count("BROKEN") == 1
    assert re.search(
        rf"^ +in .*{re.escape(__file__)}, line \d+: `return .*reshape", result.out, re.M
    )
    assert (
        "  -       Have finite gradients for the input and for every weight. (same failure as"
        in result.out
    )
    assert result.err == "Error: tested breaks a rule: see plugins/README.md.\n"


def test_an_assertion_error_names_the_line(register_plugin: Plugin) -> None:
    register(register_plugin, recipes={"tested": TranslatesHalf})
    line = line_of("def translate", "TranslatesHalf")
    with pytest.raises(AssertionError, match=rf"geometry.*{re.escape(__file__)}, line {line}"):
        check_recipe("tested")
