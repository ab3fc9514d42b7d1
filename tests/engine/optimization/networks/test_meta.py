"""Recipes on the meta device: their shards get values, and some constructors need values."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import two_processes
from specs import image_spec
from torch import nn

from translate.engine.optimization import build
from translate.engine.optimization.build import build_training
from translate.engine.optimization.networks.meta import construct_on_meta
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import full_tensor

CPU = torch.device("cpu")


@pytest.fixture(autouse=True, scope="module")
def _without_objects_of_other_tests() -> None:
    """Take all present objects out of garbage collection: each construction looks at the others."""
    gc.freeze()


@pytest.mark.parametrize("reads_a_value", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_two_processes_start_with_the_weights_of_one_and_the_second_without_whole_networks(
    reads_a_value: bool,
) -> None:
    def start(shard: str) -> tuple[list[list[float]], list[str]]:
        settings = {"train__shard": shard, "train__ema": 0.5, "train__seed": 5}
        config = small_runs.config(Path("none"), **settings)
        create, devices = build.create_recipe, []

        def create_and_record_device(*arguments: Any, **options: Any) -> Any:
            recipe = create(*arguments, **options)
            devices.append(next(recipe.parameters()).device.type)
            if reads_a_value:
                recipe.first = next(recipe.parameters()).sum().item()
            return recipe

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(build, "create_recipe", create_and_record_device)
            training = build_training(config, image_spec((16, 16), ("a", "b")), CPU)
        assert training.average
        modules = (training.recipe, training.average)
        tensors = [t for m in modules for t in (*m.parameters(), *m.buffers())]
        return [full_tensor(t.detach()).flatten().tolist() for t in tensors], devices

    def shards(_: int) -> tuple[list[list[float]], list[str]]:
        with distributed.process_group(CPU):
            return start("fsdp")

    (first, first_devices), (second, second_devices) = two_processes.run(shards)
    assert first == second == start("none")[0]
    assert first_devices == ["meta", "cpu"]
    assert second_devices == (["meta", "cpu"] if reads_a_value else ["meta"])


class SharedParameter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.second.weight = self.first.weight


class WithAttribute(nn.Module):
    """A network with an attribute that is computed in the constructor."""

    def __init__(self, compute: Callable[[], object]) -> None:
        super().__init__()
        self.layer, self.attribute = nn.Linear(2, 2), compute()


class BufferAsAttribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.BatchNorm1d(2)
        self.mean = self.layer.running_mean


@pytest.mark.parametrize(
    ("create", "reason"),
    [
        (SharedParameter, "some of its layers share parameters"),
        (lambda: WithAttribute(lambda: torch.rand(2).tolist()), "its constructor needs values: "),
        (
            lambda: WithAttribute(lambda: [torch.ones(2)]),
            "tensors that are neither parameters nor buff",
        ),
        (
            lambda: WithAttribute(lambda: torch.empty(0).device),
            "an attribute that is a torch.device or",
        ),
        (BufferAsAttribute, "has an attribute that is a torch.device or another layer's tensor"),
        (
            lambda: WithAttribute(lambda: torch.rand(2, device="cpu")),
            "draws random numbers on the CPU",
        ),
    ],
)
def test_a_recipe_that_needs_values_is_reported_and_does_not_change_the_random_state(
    create: Callable[[], nn.Module], reason: str, messages: list[str]
) -> None:
    before = torch.get_rng_state()
    assert construct_on_meta(create) is None
    assert torch.equal(torch.get_rng_state(), before)
    (message,) = messages
    assert message.startswith("train.shard: each process starts with whole networks of the recipe")
    assert reason in message


def test_a_constructor_may_create_constant_tensors_on_any_device() -> None:
    network = construct_on_meta(lambda: WithAttribute(lambda: torch.ones(2, device="cpu")))
    assert network is not None and network.layer.weight.is_meta
