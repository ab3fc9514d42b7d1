"""The update of a player by all microbatches of a batch equals the update by the whole batch."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from translate.batches import Images, ImageSpec, Pair
from translate.engine.optimization.step import take_turns
from translate.errors import PluginError
from translate.recipe import Recipe, Turn, adam
from translate.registry import create_recipe

CYCLEGAN = {
    "name": "cyclegan",
    "generator": {"name": "resnet", "width": 4, "blocks": 1, "downsamplings": 1},
    "discriminator": {"name": "patch", "width": 4, "layers": 1},
}


def step_twice(recipe: Recipe, batch: Any, **options: Any) -> Any:
    """Take two steps; return the result of the second."""
    optimizers = recipe.optimizers()
    take_turns(recipe, batch, optimizers, **options)
    return take_turns(recipe, batch, optimizers, **options)


@pytest.mark.parametrize("parts", [2, 4])
def test_microbatches_update_all_players_as_the_whole_batch_does(parts: int) -> None:
    torch.manual_seed(0)
    whole = create_recipe(CYCLEGAN, spec=ImageSpec(size=(16, 16))).double()
    batch = Pair(*(torch.rand(4, 3, 16, 16, dtype=torch.double) * 2 - 1 for _ in range(2)))
    divided, initial = copy.deepcopy(whole), copy.deepcopy(whole.state_dict())
    expected = step_twice(whole, batch)
    result = step_twice(divided, batch, accumulate=parts)
    torch.testing.assert_close(divided.state_dict(), whole.state_dict(), rtol=1e-5, atol=1e-8)
    assert any((initial[key] != value).any() for key, value in divided.state_dict().items())
    torch.testing.assert_close(dict(result.losses), dict(expected.losses), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(dict(result.norms), dict(expected.norms), rtol=1e-5, atol=1e-9)


class OneWeight(Recipe[Images]):
    """A recipe of one weight, which records the weight at each turn."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        self.weights: list[float] = []

    def optimizers(self):
        return {"layer": adam(self.layer, lr=0.1), "other": adam(self.layer, lr=0.1)}

    def step(self, batch):
        for player in ("layer", "other"):
            self.weights.append(self.layer.weight.item())
            yield Turn(player, loss=self.layer(batch.images)).log(mean=batch.images)


def test_all_microbatches_are_at_the_same_turn_and_updates_come_after_the_last() -> None:
    recipe, images = OneWeight(), Images(torch.tensor([[1.0], [2.0], [3.0], [6.0]]))
    result = take_turns(recipe, images, recipe.optimizers(), accumulate=2)
    first, second, third, fourth = recipe.weights
    assert first == second and third == fourth and first != third
    assert result.metrics["layer/mean"] == pytest.approx(3.0)
    assert list(result.losses) == ["layer/loss", "other/loss"]


@pytest.mark.parametrize("kind", ["player", "length"])
def test_microbatches_with_different_turns_are_an_error_that_names_the_setting(
    kind: str,
) -> None:
    class TurnsDependOnImages(OneWeight):
        def step(self, batch):
            large = bool(batch.images.mean() > 2)
            if kind == "length" and large:
                return
            player = "other" if large else "layer"
            yield Turn(player, loss=self.layer(batch.images))

    recipe, images = TurnsDependOnImages(), Images(torch.tensor([[1.0], [6.0]]))
    match = "'layer' and 'other'" if kind == "player" else "'layer' and no turn"
    with pytest.raises(PluginError, match=f"{match}: set train.accumulate to 1"):
        take_turns(recipe, images, recipe.optimizers(), accumulate=2)


def test_a_microbatch_that_is_not_finite_changes_nothing() -> None:
    recipe, images = OneWeight(), Images(torch.tensor([[1.0], [float("nan")]]))
    before = recipe.layer.weight.item()
    result = take_turns(recipe, images, recipe.optimizers(), accumulate=2)
    assert recipe.layer.weight.item() == before
    assert all(bool(bad) for turns in result.skipped.values() for bad in turns)


def test_the_batch_size_is_increased_to_a_multiple_of_the_microbatches(
    run_command, image_folder, tmp_path
) -> None:
    image_folder("data/a/train"), image_folder("data/b/train")
    small_networks = [
        "options.generator={name: resnet, width: 2, blocks: 1}",
        "options.discriminator={name: patch, width: 2, layers: 1}",
    ]
    settings = [w for s in (*small_networks, "train.accumulate=2") for w in ("--set", s)]
    trained = run_command("train", "--plugin", "cyclegan", "--domains", "a", "b", *settings,
                          "--data", tmp_path / "data", "--size", 16, "--steps", 2,
                          "--batch-size", 3, "--out", tmp_path / "run")  # fmt: skip
    assert trained.code == 0
    message = "batch_size is 4 instead of 3: a multiple for train.accumulate=2"
    assert message in trained.out + trained.err
    resumed = run_command("train", "--resume", tmp_path / "run", "--steps", 3, "--set",
                          "train.accumulate=4")  # fmt: skip
    assert resumed.code == 0, resumed.err
