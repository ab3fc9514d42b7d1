"""`translate plugins check`: a line for each rule, an exit code, and the nearest name."""

import re

import pytest
from torch import Tensor, nn
from valid_recipe import ValidRecipe, register

from translate.contract import verdicts


class SidesSwapped(nn.Module):
    def for_discriminator(self, real, fake):
        return sum((r - f).mean() for r, f in zip(*map(scales, (real, fake)), strict=True))

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -sum(score.mean() for score in scales(fake))


def scales(scores):
    return [scores] if isinstance(scores, Tensor) else scores


def test_plugins_check_prints_a_line_a_rule(register_plugin, run_command) -> None:
    register(
        register_plugin,
        "sweets:sugar",
        recipes={"tame": ValidRecipe},
        losses={"swapped": SidesSwapped},
    )
    good = run_command("plugins", "check", "tame", "--set", "options.width=2")
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith("recipe tame\n  ok      Read no file")
    assert len(good.out.splitlines()) == 1 + len(verdicts.RULES["recipe"])
    assert run_command("plugins", "check", "tame", "--quiet").out == ""


@pytest.mark.parametrize("name", ["swapped", "sweets", "sugar", "sweets/swapped"])
def test_plugins_check_fails_where_a_rule_is_broken(register_plugin, run_command, name) -> None:
    register(register_plugin, "sweets:sugar", losses={"swapped": SidesSwapped})
    found = run_command("plugins", "check", name, "--quiet")
    assert found.code == 2
    line, place = found.out.splitlines()
    assert re.fullmatch("  BROKEN  loss .*swapped: Be lowest for equal images; .*", line)
    assert re.fullmatch(f" +in {__file__}, line \\d+: `def for_discriminator.*`", place)
    assert found.err == f"Error: {name} breaks a rule: see plugins/README.md.\n"


def test_plugins_check_answers_a_typo(register_plugin, run_command) -> None:
    losses = {"l5": nn.L1Loss, "l6": nn.L1Loss}
    register(register_plugin, "sweets:sugar", recipes={"tame": ValidRecipe}, losses=losses)
    for arguments, message in (
        (["tme"], "nothing installed is called 'tme'. Did you mean 'tame'?"),
        (["tame", "--set", "optoins.width=2"], "expected options.KEY=VALUE or data.KEY=VALUE"),
        (["tame", "--set", "options.widt=2"], "has no option 'widt'. Did you mean 'width'?"),
        (["l5", "--set", "data.root=."], "--set data.root=.: expected options.KEY=VALUE."),
        (["sugar", "--set", "options.a=1"], "--set is for one part, and sugar has 3"),
    ):
        found = run_command("plugins", "check", *arguments)
        assert found.code == 2
        assert message in found.err
