"""Gradients of two processes are those of the whole batch, and are skipped together."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import small_runs
import torch
import two_processes
from specs import image_spec
from torch import Tensor, nn

from translate.batches import Images, Pair
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import take_turns
from translate.engine.processes import distributed
from translate.recipe import Recipe, Turn, adam

CPU = torch.device("cpu")


def gradients(batch: Pair) -> dict[str, Tensor]:
    """Return the gradients of a new CycleGAN for `batch`, by parameter."""
    generator = {"name": "resnet", "width": 4, "blocks": 1}
    config = small_runs.config(
        Path("nowhere"),
        options__pool_size=50,
        options__generator=generator,
        options__discriminator={"name": "patch", "width": 4, "layers": 2},
    )
    training = build_training(config, image_spec((32, 32), ("a", "b")), CPU)
    training.recipe.double()  # so that only the mean itself is rounded
    names = {id(p): name for name, p in training.recipe.named_parameters()}
    gradients_by_name: dict[str, Tensor] = {}

    def record(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        for group in optimizer.param_groups:
            gradients_by_name.update({names[id(p)]: p.grad.clone() for p in group["params"]})

    for optimizer in training.optimizers.values():
        optimizer.register_step_pre_hook(record)
    take_turns(training.recipe, batch, training.optimizers)
    assert gradients_by_name.keys() == set(names.values())
    return gradients_by_name


def test_a_turn_that_is_not_finite_on_one_process_is_skipped_on_both() -> None:
    class Overflowing(Recipe[Images]):
        """The loss of one process overflows, but not its gradient."""

        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(1, 1, bias=False)
            nn.init.ones_(self.one.weight)

        def optimizers(self) -> dict[str, torch.optim.Optimizer]:
            return {"one": adam(self.one)}

        def step(self, batch: Images) -> Iterator[Turn]:
            yield Turn("one", loss=self.one(torch.ones(1, 1)) + batch.images)

    def take_turn(rank: int) -> tuple[float, bool]:
        with distributed.process_group(CPU):
            recipe = Overflowing()
            batch = Images(torch.tensor(math.inf if rank else 0.0))
            result = take_turns(recipe, batch, recipe.optimizers())
            return recipe.one.weight.item(), bool(result.skipped["one"][0])

    assert two_processes.run(take_turn) == [(1.0, True), (1.0, True)]


def biases_before_a_norm() -> set[str]:
    """Return the biases before a norm layer: it cancels them, and their gradient is zero."""
    config = small_runs.config(
        Path("nowhere"), options__generator={"name": "resnet", "width": 4, "blocks": 1}
    )
    recipe = build_training(config, image_spec((32, 32), ("a", "b")), CPU).recipe
    names = set()
    for name, module in recipe.named_modules():
        if isinstance(module, nn.Sequential):
            for index, (one, other) in enumerate(pairwise(module)):
                if (
                    type(other).__name__ == "InstanceNorm"
                    and getattr(one, "bias", None) is not None
                ):
                    names.add(f"{name}.{index}.bias")
    assert "source_to_target.model.1.bias" in names
    return names


def test_averaged_gradients_of_two_half_batches_equal_those_of_the_batch() -> None:
    torch.manual_seed(3)
    whole = Pair(*(torch.rand(2, 4, 3, 32, 32, dtype=torch.float64) * 2 - 1))

    def half(rank: int) -> dict[str, list[float]]:
        with distributed.process_group(CPU):
            mine = Pair(*(part[2 * rank : 2 * rank + 2] for part in whole))
            return {key: tensor.flatten().tolist() for key, tensor in gradients(mine).items()}

    first, second = two_processes.run(half)
    assert first == second
    expected = gradients(whole)
    compared = expected.keys() - biases_before_a_norm()
    assert len(compared) > 20
    for name in compared:
        gradient = expected[name].flatten()
        difference = (torch.tensor(first[name]).double() - gradient).abs().max()
        assert difference <= 1e-6 * max(1.0, float(gradient.abs().max())), name
