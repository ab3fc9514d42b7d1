"""`translate plugins check`: a line for each rule, an exit code, suggested names."""

import re
from collections.abc import Mapping
from typing import Annotated

import pytest
import swapped_loss
from swapped_loss import SwapsRealAndFake
from torch import nn
from valid_recipe import ValidRecipe, register_parts

from translate.batches import Layout
from translate.contract import kinds


def test_plugins_check_prints_a_line_for_each_rule(register_plugin, run_command) -> None:
    register_parts(
        register_plugin,
        "acme:parts",
        recipes={"valid": ValidRecipe},
        losses={"swapped": SwapsRealAndFake},
    )
    good = run_command("plugins", "check", "valid", "--set", "options.width=2")
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith("recipe valid\n  ok      Read no file")
    assert len(good.out.splitlines()) == 1 + len(kinds.RULES["recipe"])
    assert run_command("plugins", "check", "valid", "--quiet").out == ""


@pytest.mark.parametrize("name", ["swapped", "acme", "parts", "acme/swapped"])
def test_plugins_check_fails_if_a_rule_is_broken(register_plugin, run_command, name) -> None:
    register_parts(register_plugin, "acme:parts", losses={"swapped": SwapsRealAndFake})
    result = run_command("plugins", "check", name, "--quiet")
    assert result.code == 2
    line, place = result.out.splitlines()
    assert re.fullmatch("  BROKEN  loss .*swapped: Be lowest for equal images; .*", line)
    assert re.fullmatch(
        f" +in {swapped_loss.__file__}, line \\d+: `def for_discriminator.*`", place
    )
    assert result.err == f"Error: {name} breaks a rule: see plugins/README.md.\n"


def test_plugins_check_suggests_the_nearest_name(register_plugin, run_command) -> None:
    losses = {"l5": nn.L1Loss, "l6": nn.L1Loss}
    register_parts(register_plugin, "acme:parts", recipes={"valid": ValidRecipe}, losses=losses)
    for arguments, message in (
        (["vald"], "nothing installed is called 'vald'. Did you mean 'valid'?"),
        (["valid", "--set", "optoins.width=2"], "expected options.KEY=VALUE or data.KEY=VALUE"),
        (["valid", "--set", "options.widt=2"], "has no option 'widt'. Did you mean 'width'?"),
        (["l5", "--set", "data.root=."], "--set data.root=.: expected options.KEY=VALUE."),
        (["parts", "--set", "options.a=1"], "--set is for one part, and parts has 3"),
    ):
        result = run_command("plugins", "check", *arguments)
        assert result.code == 2
        assert message in result.err


class Shouts:
    """A tracker that cannot be constructed without an option."""

    def __init__(self, url: Annotated[str, "address"]) -> None:
        self.url = url


def test_a_part_with_a_required_option_is_named_with_what_to_type(
    register_plugin, run_command
) -> None:
    register_parts(
        register_plugin,
        "acme:parts",
        trackers={"shouts": Shouts},
        losses={"swapped": SwapsRealAndFake},
    )
    everything = run_command("plugins", "check", "parts")
    needs = "needs options.url (address): translate plugins check shouts --set ..."
    assert f"tracker shouts\n  -       not tested: {needs}\n" in everything.out
    assert everything.err == "Error: parts breaks a rule: see plugins/README.md.\n"
    alone = run_command("plugins", "check", "shouts")
    assert alone.err == f"Error: tracker 'shouts': {needs}\n"


class ReadsStrips(ValidRecipe):
    """A recipe for a layout whose batches the check cannot make up."""

    defaults = {"data": {"layout": "strips"}}


class Strips(Layout):
    batch = Mapping


def test_a_recipe_whose_layout_needs_a_folder_does_not_end_the_check_of_the_others(
    register_plugin, run_command
) -> None:
    losses = {"swapped": SwapsRealAndFake}
    parts = {"recipes": {"strip": ReadsStrips}, "layouts": {"strips": Strips}, "losses": losses}
    register_parts(register_plugin, "acme:parts", **parts)
    result = run_command("plugins", "check", "parts")
    folder = '--set data.layout=strips --set data.root=DIR --set "data.domains=[A, B]"'
    assert "not tested: the batches of the layout 'strips' are unknown" in result.out
    assert folder in result.out
    assert result.err == "Error: parts breaks 2 rules: see plugins/README.md.\n"
