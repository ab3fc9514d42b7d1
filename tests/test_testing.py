"""The contract notices what it is there to notice: for each rule, plugins that break it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from valid_recipe import ValidRecipe, register

from translate.batches import Domain, Images, ImageSpec, Item, Layout
from translate.contract import verdicts
from translate.engine.system import randomness
from translate.errors import ConfigError
from translate.recipe import Recipe, Turn, adam
from translate.testing import check_generator, check_loss, check_recipe

ROOT = Path(__file__).parent.parent


class YieldsALoss(ValidRecipe):
    def step(self, batch):
        yield self.generator(batch.source).mean()


def test_a_tame_recipe_keeps_every_rule_and_a_check_leaves_no_trace(register_plugin) -> None:
    register(register_plugin, recipes={"tame": ValidRecipe})
    before = randomness.random_state()
    check_recipe("tame", width=2)
    after = randomness.random_state()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_what_a_plugin_raises_becomes_a_sentence_with_the_rule(register_plugin) -> None:
    register(register_plugin, recipes={"stranger": YieldsALoss})
    with pytest.raises(AssertionError, match=r"^Yield turns, .* yielded .* no Turn"):
        check_recipe("stranger")


def test_a_wrong_option_is_the_callers_mistake(register_plugin) -> None:
    register(register_plugin, recipes={"tame": ValidRecipe})
    with pytest.raises(ConfigError, match="recipe 'tame' has no option 'widht'"):
        check_recipe("tame", widht=2)
    with pytest.raises(ConfigError, match="generator 'resnet' has no option 'blocs'"):
        check_generator("resnet", blocs=2)
    with pytest.raises(ConfigError, match="no loss is called 'l3'"):
        check_loss("l3")


class Strips(Layout):
    """A layout of one's own: every picture twice, under names that only it knows."""

    batch = Images

    def __init__(self, root: Path, domains: tuple[str, ...], leave_out: tuple[Path, ...] = ()):
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        self.files = [p for p in sorted((root / domains[0]).iterdir()) if p not in leave_out]

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index, random):  # noqa: ARG002
        return Item((self.files[index],))

    def load(self, item, transform):
        return Images(*transform(transform.read(item.files[0])))


class Dream(Recipe):
    """One that knows pictures of one domain alone, as the layout of its author brings them."""

    defaults = {"data": {"layout": "strips"}, "train": {"steps": 10}}

    def __init__(self, spec: ImageSpec) -> None:
        super().__init__()
        self.network = nn.Conv2d(spec.source.channels, spec.source.channels, 1)

    def optimizers(self):
        return {"network": adam(self.network)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("network", copy=F.mse_loss(self.network(batch.images), batch.images))


def test_a_layout_of_ones_own_is_checked_on_a_folder(
    register_plugin, image_folder, tmp_path
) -> None:
    register(register_plugin, recipes={"dream": Dream}, layouts={"strips": Strips})
    with pytest.raises(ConfigError, match="layout 'strips' are unknown: give the check a folder"):
        check_recipe("dream")
    image_folder("soft", 6)
    check_recipe("dream", data={"layout": "strips", "root": tmp_path, "domains": ["soft"]})


def test_a_recipe_of_one_domain_that_translates_nothing_is_told_what_does_not_apply(
    register_plugin,
) -> None:
    one = type("One", (Dream,), {"defaults": {"data": {"layout": "images"}}})
    register(register_plugin, recipes={"one": one})
    notes = [v.note for v in verdicts.run_rules("recipe", "one", {}, spec=ImageSpec((16, 24)))]
    assert notes.count("it does not translate") == 3
    assert notes.count("it draws none") == 1


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
    assert re.fullmatch("  BROKEN  loss .*swapped: Cost least .*as real scores rise.", line)
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
        (["sugar", "--set", "options.a=1"], "--set is for one thing, and sugar is 3"),
    ):
        found = run_command("plugins", "check", *arguments)
        assert found.code == 2
        assert message in found.err


def test_the_contract_needs_no_pytest() -> None:
    files = [ROOT / "translate/testing.py", *(ROOT / "translate/contract").glob("*.py")]
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "pytest" not in ast.unparse(node), path
