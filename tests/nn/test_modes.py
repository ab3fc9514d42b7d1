"""Training mode and buffers of each submodule are restored after a block."""

import pytest
import torch
from torch import Tensor, nn

from translate.nn.modes import mode, per_image_batch_norm, unchanged_buffers


def images(count: int) -> Tensor:
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_training_modes_are_restored_for_each_module() -> None:
    network = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm2d(3), nn.Dropout()))
    network[1][0].eval()
    before = [part.training for part in network.modules()]
    with mode(network, training=False):
        assert not any(part.training for part in network.modules())
    with pytest.raises(ZeroDivisionError), mode(network, training=True):
        assert all(part.training for part in network.modules())
        _ = 1 / 0
    assert [part.training for part in network.modules()] == before


def test_buffers_are_restored_in_place_even_if_replaced() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.BatchNorm2d(3))
    running_mean = network[0].running_mean
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    with torch.no_grad(), unchanged_buffers(network):
        network(images(2) + 5)
        network[1].running_var = torch.full((3,), 9.0)
        assert network[0].running_mean.abs().min() > 0.1
    assert network[0].running_mean is running_mean
    for name, buffer in network.named_buffers():
        assert torch.equal(buffer, before[name])


def test_batch_norm_per_image_equals_training_mode_with_batches_of_one() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5)).train()
    nn.init.normal_(network[1].weight)
    nn.init.normal_(network[1].bias)
    batch, before = images(3), {k: v.clone() for k, v in network.state_dict().items()}
    with per_image_batch_norm(network), torch.no_grad():
        actual = network(batch)
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())
    assert all(part.training for part in network.modules())
    with torch.no_grad():
        expected = torch.cat([network[:2](image[None]) for image in batch])
    torch.testing.assert_close(actual, expected)
