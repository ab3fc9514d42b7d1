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
        losses={"swapped": SwapsRealAndFake},  # a broken part that is not named is not checked
    )
    good = run_command("plugins", "check", "valid", "--set", "options.width=2")
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith("recipe valid\n  ok      Read no file")
    assert len(good.out.splitlines()) == 1 + len(kinds.RULES["recipe"])
    assert run_command("plugins", "check", "valid", "--quiet").out == ""


class WideConvolution(nn.Sequential):
    """A generator that is wider than a check needs."""

    def __init__(self, in_channels: int, out_channels: int, *, width: int = 4096) -> None:
        super().__init__(nn.Conv2d(in_channels, width, 1), nn.Conv2d(width, out_channels, 1))


def test_a_network_is_checked_with_a_small_width_which_is_printed(
    register_plugin, run_command
) -> None:
    register_parts(register_plugin, "acme:parts", generators={"wide": WideConvolution})
    checked = run_command("plugins", "check", "wide")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.startswith("generator wide, scaled down: {width: 4}\n  ok ")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("swapped", id="a_part"),
        pytest.param("acme", id="a_distribution"),
        pytest.param("parts", id="a_plugin"),
        pytest.param("acme/swapped", id="a_part_of_a_distribution"),
    ],
)
def test_plugins_check_fails_if_a_rule_is_broken(register_plugin, run_command, name) -> None:
    register_parts(register_plugin, "acme:parts", losses={"swapped": SwapsRealAndFake})
    result = run_command("plugins", "check", name, "--quiet")
    assert result.code == 2
    line, place = result.out.splitlines()
    # a rule of image losses and of adversarial losses such as this one
    rule = "Be lowest for equal images; adversarial: fall as real scores rise and fake scores fall."
    assert re.fullmatch(f"  BROKEN  loss .*swapped: {rule} for_discriminator.*", line)
    assert re.fullmatch(
        f" +in {swapped_loss.__file__}, line \\d+: `def for_discriminator.*`", place
    )
    assert result.err == f"Error: {name} breaks a rule: see plugins/README.md.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vald"], "nothing installed is called 'vald'. Did you mean 'valid'?"),
        (["valid", "--set", "options.widt=2"], "has no option 'widt'. Did you mean 'width'?"),
    ],
)
def test_plugins_check_suggests_the_nearest_name(
    register_plugin, run_command, arguments, message
) -> None:
    register_parts(register_plugin, "acme:parts", recipes={"valid": ValidRecipe})
    result = run_command("plugins", "check", *arguments)
    assert result.code == 2 and message in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["valid", "--set", "optoins.width=2"], "expected options.KEY=VALUE or data.KEY=VALUE"),
        (["image", "--set", "data.root=."], "--set data.root=.: expected options.KEY=VALUE."),
        (["parts", "--set", "options.a=1"], "--set is for one part, and parts has 2"),
    ],
)
def test_plugins_check_refuses_a_setting_that_the_part_does_not_have(
    register_plugin, run_command, arguments, message
) -> None:
    parts = {"recipes": {"valid": ValidRecipe}, "losses": {"image": nn.L1Loss}}
    register_parts(register_plugin, "acme:parts", **parts)
    result = run_command("plugins", "check", *arguments)
    assert result.code == 2 and message in result.err


class RequiresAddress:
    """A tracker that cannot be constructed without an option."""

    def __init__(self, url: Annotated[str, "address"]) -> None:
        self.url = url


def test_a_part_without_its_required_option_is_not_tested_and_the_message_names_the_option(
    register_plugin, run_command
) -> None:
    register_parts(
        register_plugin,
        "acme:parts",
        trackers={"remote": RequiresAddress},
        losses={"swapped": SwapsRealAndFake},  # is tested all the same, and found broken
    )
    everything = run_command("plugins", "check", "parts")
    needs = "needs options.url (address): translate plugins check remote --set ..."
    assert f"tracker remote\n  -       not tested: {needs}\n" in everything.out
    assert everything.err == "Error: parts breaks a rule: see plugins/README.md.\n"
    alone = run_command("plugins", "check", "remote")
    assert alone.err == f"Error: tracker 'remote': {needs}\n"


class RecipeOfStrips(ValidRecipe):
    """A recipe for a layout with batches that the check cannot generate."""

    defaults = {"data": {"layout": "strips"}}


class Strips(Layout):
    """A layout that lacks the abstract methods; the type of its batches is unknown."""

    batch = Mapping


def test_a_recipe_with_unknown_batches_does_not_end_the_check_of_other_parts(
    register_plugin, run_command
) -> None:
    register_parts(
        register_plugin,
        "acme:parts",
        recipes={"of-strips": RecipeOfStrips},
        layouts={"strips": Strips},
        losses={"swapped": SwapsRealAndFake},
    )
    result = run_command("plugins", "check", "parts")
    assert "not tested: the batches of the layout 'strips' are unknown" in result.out
    options = '--set data.layout=strips --set data.root=DIR --set "data.domains=[A, B]"'
    assert options in result.out
    assert "BROKEN  Be lowest for equal images" in result.out  # the loss
    assert "BROKEN  Find the same items" in result.out  # the layout, which cannot be constructed
    assert result.err == "Error: parts breaks 2 rules: see plugins/README.md.\n"
