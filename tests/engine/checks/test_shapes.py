"""Sizes that networks cannot take are found on the meta device, before images are read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import torch.nn.functional as F
from torch import nn
from valid_recipe import register_parts

from translate.batches import Images, ImageSpec
from translate.engine.checks import shapes
from translate.engine.config.schema import Config
from translate.engine.data import check
from translate.errors import ConfigError
from translate.recipe import Recipe, Turn, adam


class OneLayer(Recipe[Images]):
    """A recipe that does not declare the sizes that its layer accepts."""

    defaults = {"data": {"layout": "images"}}
    make: Callable[[], nn.Module] = nn.Identity

    def __init__(self, spec: ImageSpec) -> None:  # noqa: ARG002
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 3, 1), type(self).make())

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"net": adam(self.net)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("net", level=self.net(batch.images + torch.rand(()).to(batch.images)))


class PaddingFunction(OneLayer):
    """A recipe that calls a function, not a module, with crops that are too small."""

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("net", level=F.pad(batch.images, (5, 5, 5, 5), mode="reflect"))


class ValueDependent(OneLayer):
    """A recipe that depends on values, which a blank batch does not have."""

    def step(self, batch: Images) -> Iterator[Turn]:
        assert float(batch.images.mean()) < 2
        yield from super().step(batch)


@pytest.fixture
def make_config(
    register_plugin: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Config]:
    """Return a function that configures a recipe with a layer, on files that are not images."""
    recipes = {"one": OneLayer, "padding": PaddingFunction, "value-dependent": ValueDependent}
    register_parts(register_plugin, recipes=recipes)
    (tmp_path / "a").mkdir()
    for number in range(4):
        (tmp_path / f"a/{number}.png").write_bytes(b"no image")

    def make(layer: Callable[[], nn.Module], recipe: str = "one", **flags: Any) -> Config:
        monkeypatch.setattr(OneLayer, "make", staticmethod(layer))
        return small_runs.config(tmp_path, recipe, data__domains=["a"], **flags)

    return make


@pytest.mark.parametrize(
    ("layer", "size", "smallest"),
    [
        (lambda: nn.InstanceNorm2d(3), 1, "2x2"),
        (lambda: nn.ReflectionPad2d(5), 3, "6x6"),
        (lambda: nn.Conv2d(3, 3, 7), 2, "7x7"),
        (lambda: nn.Conv2d(3, 3, (2, 7)), [2, 4], "4x8"),
        (lambda: nn.MaxPool2d(16), 9, "16x16"),
    ],
)
def test_T20_a_crop_too_small_for_a_layer_of_a_plugin_is_refused_before_data_are_read(
    layer: Callable[[], nn.Module], size: Any, smallest: str, make_config: Any, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as error:
        small_runs.train(make_config(layer, data__size=size, train__batch_size=2), tmp_path / "run")
    message = str(error.value)
    assert f"data.size: one with these networks needs crops of {smallest} at least" in message
    assert message.endswith("(in net.1).")
    assert not (tmp_path / "run").exists()
    large = make_config(layer, data__size=32)
    shapes.check_crop_size(large, check.open_layout(large.data))


def test_T20_a_batch_of_one_is_too_small_for_batch_norm(make_config: Any, tmp_path: Path) -> None:
    config = make_config(lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(3)))
    with pytest.raises(
        ConfigError, match=r"^train.batch_size: .* more than 1 .* --batch-size 2\.$"
    ):
        small_runs.train(config, tmp_path / "run")


def test_T20_a_shape_error_outside_of_modules_names_the_recipe(
    make_config: Any, tmp_path: Path
) -> None:
    config = make_config(nn.Identity, "padding", data__size=4)
    message = r"crops of 6x6 at least, not 4x4: .* \(in PaddingFunction\)\.$"
    with pytest.raises(ConfigError, match=message):
        small_runs.train(config, tmp_path / "run")


def test_the_check_of_shapes_does_not_change_the_random_state(make_config: Any) -> None:
    config = make_config(nn.Identity)
    before = torch.get_rng_state()
    assert shapes.Trial(config, check.open_layout(config.data)).failure((8, 8), 2) is None
    assert torch.equal(before, torch.get_rng_state())


def test_a_failure_that_occurs_only_on_meta_tensors_is_not_an_error(make_config: Any) -> None:
    config = make_config(nn.Identity, "value-dependent")
    layout = check.open_layout(config.data)
    assert isinstance(shapes.Trial(config, layout).failure((8, 8), 2), RuntimeError)
    shapes.check_crop_size(config, layout)
