"""The contract notices what it is there to notice: for each rule, plugins that break it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
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


def test_a_recipe_is_checked_with_the_batches_of_its_own_layout_or_on_a_folder(
    register_plugin, image_folder, tmp_path
) -> None:
    unknown = type("Unknown", (Strips,), {"batch": tuple})
    undecided = type("Undecided", (Dream,), {"defaults": {"data": {"layout": "unknown"}}})
    register(
        register_plugin,
        recipes={"dream": Dream, "undecided": undecided},
        layouts={"strips": Strips, "unknown": unknown},
    )
    check_recipe("dream")
    with pytest.raises(ConfigError, match="layout 'unknown' are unknown: give the check a folder"):
        check_recipe("undecided")
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


def test_the_contract_needs_no_pytest() -> None:
    files = [ROOT / "translate/testing.py", *(ROOT / "translate/contract").glob("*.py")]
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "pytest" not in ast.unparse(node), path
