"""`translate.testing` reports rules of the contract that a plugin breaks."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from valid_recipe import ValidRecipe, register_parts

from translate.batches import Domain, Images, ImageSpec, Item, Layout
from translate.engine.system import randomness
from translate.errors import ConfigError
from translate.recipe import Recipe, Turn, adam
from translate.testing import check_generator, check_loss, check_recipe

ROOT = Path(__file__).parent.parent


def test_a_valid_recipe_passes_and_a_check_leaves_the_random_state_unchanged(
    register_plugin,
) -> None:
    register_parts(register_plugin, recipes={"valid": ValidRecipe})
    before = randomness.random_state()
    check_recipe("valid", width=2)
    after = randomness.random_state()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_wrong_option_is_a_config_error(register_plugin) -> None:
    register_parts(register_plugin, recipes={"valid": ValidRecipe})
    with pytest.raises(ConfigError, match="recipe 'valid' has no option 'widht'"):
        check_recipe("valid", widht=2)
    with pytest.raises(ConfigError, match="generator 'resnet' has no option 'blocs'"):
        check_generator("resnet", blocs=2)
    with pytest.raises(ConfigError, match="no loss is called 'l3'"):
        check_loss("l3")


class Strips(Layout):
    """A layout for images of one domain."""

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


class OneDomain(Recipe):
    """A recipe for images of one domain, which are read by the layout ``strips``."""

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
    undecided = type("Undecided", (OneDomain,), {"defaults": {"data": {"layout": "unknown"}}})
    register_parts(
        register_plugin,
        recipes={"dream": OneDomain, "undecided": undecided},
        layouts={"strips": Strips, "unknown": unknown},
    )
    check_recipe("dream")
    with pytest.raises(ConfigError, match="layout 'unknown' are unknown: give the check a folder"):
        check_recipe("undecided")
    image_folder("soft", 6)
    check_recipe("dream", data={"layout": "strips", "root": tmp_path, "domains": ["soft"]})


def test_the_contract_needs_no_pytest() -> None:
    files = [ROOT / "translate/testing.py", *(ROOT / "translate/contract").rglob("*.py")]
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "pytest" not in ast.unparse(node), path
