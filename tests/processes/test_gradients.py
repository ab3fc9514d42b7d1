"""Two processes get the gradients of the whole batch, and skip a turn together."""

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
from translate.engine.checkpoints.state import TrainingState
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import take_turns
from translate.engine.processes import distributed
from translate.recipe import Recipe, Turn, adam

CPU = torch.device("cpu")


def build_cyclegan() -> TrainingState:
    """Return a new small CycleGAN in float64, so that only the mean of gradients is rounded."""
    generator = {"name": "resnet", "width": 4, "blocks": 1}
    discriminator = {"name": "patch", "width": 4, "layers": 2}
    networks = {"options__generator": generator, "options__discriminator": discriminator}
    config = small_runs.config(Path("nowhere"), options__pool_size=50, **networks)
    training = build_training(config, image_spec((32, 32), ("a", "b")), CPU)
    training.recipe.double()
    return training


def gradients_of(batch: Pair) -> dict[str, Tensor]:
    """Return the gradients of a new CycleGAN for `batch`, by parameter."""
    training = build_cyclegan()
    names = {id(p): name for name, p in training.recipe.named_parameters()}
    gradients: dict[str, Tensor] = {}

    def record(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        for group in optimizer.param_groups:
            gradients.update({names[id(p)]: p.grad.clone() for p in group["params"]})

    for optimizer in training.optimizers.values():
        optimizer.register_step_pre_hook(record)
    take_turns(training.recipe, batch, training.optimizers)
    assert gradients.keys() == set(names.values())
    return gradients


def test_a_turn_that_is_not_finite_on_one_process_is_skipped_on_both() -> None:
    class InfiniteLoss(Recipe[Images]):
        """The loss of one process is infinite, but not its gradient."""

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
            recipe = InfiniteLoss()
            batch = Images(torch.tensor(math.inf if rank else 0.0))
            result = take_turns(recipe, batch, recipe.optimizers())
            return recipe.one.weight.item(), bool(result.skipped["one"][0])

    assert two_processes.run(take_turn) == [(1.0, True), (1.0, True)]


def biases_before_a_norm() -> set[str]:
    """Return the biases before a norm layer, which subtracts them: their gradient is zero."""
    names = set()
    for name, module in build_cyclegan().recipe.named_modules():
        if isinstance(module, nn.Sequential):
            for index, (layer, next_layer) in enumerate(pairwise(module)):
                has_bias = getattr(layer, "bias", None) is not None
                if has_bias and type(next_layer).__name__ == "InstanceNorm":
                    names.add(f"{name}.{index}.bias")
    assert "source_to_target.model.1.bias" in names
    return names


def test_averaged_gradients_of_two_half_batches_equal_those_of_the_batch() -> None:
    torch.manual_seed(3)
    batch = Pair(*(torch.rand(2, 4, 3, 32, 32, dtype=torch.float64) * 2 - 1))

    def work(rank: int) -> dict[str, list[float]]:
        with distributed.process_group(CPU):
            half = Pair(*(images[2 * rank : 2 * rank + 2] for images in batch))
            return {key: tensor.flatten().tolist() for key, tensor in gradients_of(half).items()}

    first, second = two_processes.run(work)
    assert first == second
    expected = gradients_of(batch)
    compared = expected.keys() - biases_before_a_norm()
    assert len(compared) > 20
    for name in compared:
        gradient = expected[name].flatten()
        difference = (torch.tensor(first[name]).double() - gradient).abs().max()
        assert difference <= 1e-6 * max(1.0, float(gradient.abs().max())), name
