"""Checkpointed blocks: equal gradients, random numbers and buffers in less memory."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import small_runs
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from translate.engine.optimization.networks.checkpointing import checkpoint_blocks, repeated_blocks
from translate.errors import ConfigError
from translate.nn.penalties import gradient_penalty, r1_penalty
from translate.registry import create_generator


class Block(nn.Module):
    """A residual block with all kinds of state that a second forward pass could change."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(8, 8, 3, padding=1)),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Conv2d(8, 8, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    blocks = [Block() for _ in range(3)]
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), *blocks, nn.Conv2d(8, 1, 3))


class Result(NamedTuple):
    """Gradients and buffers after a backward pass, and the next random numbers."""

    gradients: list[Tensor]
    buffers: list[Tensor]
    random: Tensor


def backpropagate(
    network: nn.Module, loss: Callable[[nn.Module, Tensor, Tensor], Tensor]
) -> Result:
    torch.manual_seed(1)
    loss(network, torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)).backward()
    gradients = [p.grad.clone() for p in network.parameters() if p.grad is not None]
    return Result(gradients, [buffer.clone() for buffer in network.buffers()], torch.rand(3))


def generator_and_critic_loss(network: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return network(real).square().mean() - network(fake).sigmoid().mean()


def with_gradient_penalty(network: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return generator_and_critic_loss(network, real, fake) + gradient_penalty(network, real, fake)


def with_r1_penalty(network: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return generator_and_critic_loss(network, real, fake) + r1_penalty(network, real)


@pytest.mark.parametrize(
    "loss", [generator_and_critic_loss, with_gradient_penalty, with_r1_penalty]
)
def test_gradients_buffers_and_random_numbers_are_equal_bit_for_bit(loss: Any) -> None:
    plain, checkpointed = network(), network()
    assert checkpoint_blocks(checkpointed) == 3
    copy = deepcopy(checkpointed)
    expected = backpropagate(plain, loss)
    assert len(expected.gradients) == len(list(plain.parameters()))
    for module in (checkpointed, copy):
        torch.testing.assert_close(backpropagate(module, loss), expected, rtol=0, atol=0)
    assert list(plain.state_dict()) == list(checkpointed.state_dict())


def test_a_copy_is_independent_of_the_original() -> None:
    original = network()
    checkpoint_blocks(original)
    copy, images = deepcopy(original).eval(), torch.randn(1, 3, 8, 8)
    before = copy(images)
    with torch.no_grad():
        for parameter in original.parameters():
            parameter.fill_(2.0)
    assert torch.equal(copy(images), before)
    assert not torch.equal(original.eval()(images), before)


def test_a_block_keeps_only_its_input_until_the_backward_pass() -> None:
    def saved_bytes(network: nn.Module) -> int:
        sizes: dict[int, int] = {}

        def record_size(tensor: Tensor) -> Tensor:
            sizes[tensor.data_ptr()] = tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(record_size, lambda tensor: tensor):
            network(torch.randn(1, 3, 64, 64))
        return sum(sizes.values())

    plain, checkpointed = network(), network()
    checkpoint_blocks(checkpointed)
    assert saved_bytes(checkpointed) < 0.4 * saved_bytes(plain)


def test_a_change_of_weights_before_the_backward_pass_is_an_error() -> None:
    checkpointed = network()
    checkpoint_blocks(checkpointed)
    loss = checkpointed(torch.randn(1, 3, 8, 8)).sum()
    with torch.no_grad():
        checkpointed[1].layers[4].weight.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize(("generator", "blocks"), [("resnet", 9), ("srresnet", 16), ("unet", 0)])
def test_blocks_of_residual_networks_are_recognized(generator: str, blocks: int) -> None:
    with torch.device("meta"):
        built = create_generator(generator, in_channels=3, out_channels=3)
    assert len(list(repeated_blocks(built))) == blocks


def test_weights_are_the_same_with_checkpointing_which_a_resume_may_switch_off(
    root: Path,
) -> None:
    generator = {"name": "resnet", "width": 2, "blocks": 2, "dropout": 0.5}
    settings = {"options__generator": generator, "train__ema": 0.5, "train__schedule": "constant"}
    plain = small_runs.train(small_runs.config(root, train__steps=2, **settings), root / "plain")
    config = small_runs.config(root, train__steps=1, train__checkpointing=True, **settings)
    run = small_runs.train(config, root / "checkpointed").path
    small_runs.resume(run, steps=2, assignments=["train.checkpointing=false"])
    assert small_runs.equal_checkpoints(plain.path, run)


def test_checkpointing_is_refused_for_networks_without_repeated_blocks(root: Path) -> None:
    settings = {"options__generator": {"name": "unet", "width": 4, "levels": 2}}
    config = small_runs.config(root, train__checkpointing=True, **settings)
    with pytest.raises(ConfigError, match=r"no network of .* has repeated blocks"):
        small_runs.train(config, root / "run")


def test_checkpointing_is_refused_with_compilation(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected false with train\.compile"):
        small_runs.config(root, train__checkpointing=True, train__compile=True)
