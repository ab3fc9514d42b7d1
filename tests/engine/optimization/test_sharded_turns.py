"""Turns on two processes with shards: refused recipes, skipped turns and gradient penalties."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import two_processes
from specs import image_spec
from torch import nn
from torch.optim import Optimizer

from translate.batches import Images
from translate.engine.optimization.build import build_training
from translate.engine.optimization.networks.sharding import shard_networks
from translate.engine.optimization.step import take_turns
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import full_tensor
from translate.errors import ConfigError, PluginError
from translate.nn.penalties import r1_penalty
from translate.recipe import Recipe, Turn, adam

CPU = torch.device("cpu")
SPEC = image_spec((32, 32), ("a", "b"))


class ParameterOutsideNetworks(Recipe[Images]):
    """A recipe with a parameter outside of its networks."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.scale = nn.Conv2d(3, 2, 3), nn.Parameter(torch.ones(1))

    def optimizers(self) -> dict[str, Optimizer]:
        return {"critic": adam(self)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("critic", score=self.scale * self.network(batch.images))


class SharedParameters(ParameterOutsideNetworks):
    """A recipe of two networks with the same parameters."""

    def __init__(self) -> None:
        super().__init__()
        del self.scale
        self.other = nn.Sequential(self.network)


class OneNetwork(ParameterOutsideNetworks):
    """A recipe with three turns: of a score, of a gradient penalty, and of both."""

    def __init__(self) -> None:
        super().__init__()
        del self.scale

    def optimizers(self) -> dict[str, Optimizer]:
        return {"critic": torch.optim.SGD(self.parameters(), lr=0.1)}

    def step(self, batch: Images) -> Iterator[Turn]:
        images = batch.images + distributed.rank()
        yield Turn("critic", score=self.network(images))
        yield Turn("critic", penalty=r1_penalty(self.network, images))
        penalty = r1_penalty(lambda x: self.network(x).square(), images)
        yield Turn("critic", score=self.network(images), penalty=penalty)


class ViewChangedInPlace(ParameterOutsideNetworks):
    """A recipe that changes the output of its network in place, which is a view."""

    def __init__(self) -> None:
        super().__init__()
        del self.scale
        self.network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten())

    def step(self, batch: Images) -> Iterator[Turn]:
        scores = self.network(batch.images)
        scores += 1
        yield Turn("critic", score=scores)


class NotFinite(OneNetwork):
    """A recipe with a gradient that is not finite on one process."""

    def step(self, batch: Images) -> Iterator[Turn]:
        factor = float("nan") if distributed.rank() else 1.0
        yield Turn("critic", score=factor * self.network(batch.images))


def take_step(create: Callable[[], Recipe], *, shard: bool = True) -> Any:
    """Take a step on two processes; return the message of its error, or skips and weights."""

    def work(_: int) -> str | tuple[list[bool], list[Any]]:
        with distributed.process_group(CPU):
            distributed.barrier()  # an error must not end a process before both have connected
            torch.manual_seed(0)
            recipe = create()
            try:
                if shard:
                    shard_networks(recipe, device=CPU)
                result = take_turns(recipe, Images(torch.ones(1, 3, 4, 4)), recipe.optimizers())
            except (ConfigError, PluginError) as error:
                return str(error)
            weights = [full_tensor(p.detach()).flatten() for p in recipe.parameters()]
            skipped = [bool(is_skipped) for is_skipped in result.skipped["critic"]]
            return skipped, torch.cat(weights).tolist()

    first, second = two_processes.run(work)
    assert first == second
    return first


@pytest.mark.parametrize(
    ("create", "message"),
    [
        (
            ParameterOutsideNetworks,
            "has a parameter outside of its networks, scale, which cannot be sharded",
        ),
        (SharedParameters, "two networks of SharedParameters share parameters"),
        (ViewChangedInPlace, "gradients of network are on one process alone"),
    ],
)
def test_a_recipe_that_cannot_be_sharded_is_refused_with_the_alternative(
    create: Callable[[], Recipe], message: str
) -> None:
    error = take_step(create)
    assert message in error
    assert "--set train.shard=none" in error


def test_a_turn_that_is_not_finite_on_one_process_changes_no_shard() -> None:
    torch.manual_seed(0)
    before = nn.utils.parameters_to_vector(NotFinite().parameters()).tolist()
    assert take_step(NotFinite) == ([True], before)


def test_turns_of_a_penalty_update_shards_as_they_update_whole_networks() -> None:
    skipped, weights = take_step(OneNetwork)
    expected = take_step(OneNetwork, shard=False)
    assert skipped == expected[0] == [False] * 3
    assert weights == pytest.approx(expected[1], rel=1e-5)


@pytest.mark.parametrize("key", ["compile", "channels_last"])
def test_compiled_and_channels_last_networks_are_not_sharded(key: str) -> None:
    config = small_runs.config(Path("none"), train__shard="fsdp", **{f"train__{key}": True})

    def work(_: int) -> str:
        with distributed.process_group(CPU):
            distributed.barrier()  # the error must not end a process before both have connected
            with pytest.raises(ConfigError) as error:
                build_training(config, SPEC, CPU)
        return str(error.value)

    assert f"train.{key}: expected false with train.shard=fsdp" in two_processes.run(work)[0]
