"""Each process restores its own image pools and random state."""

from pathlib import Path

import pytest
import torch
from equal_tensors import assert_equal_tensors
from safetensors.torch import save as serialized
from training_states import build_training_state, restore, save, train_steps

from translate.engine.checkpoints import read, retention
from translate.engine.checkpoints.contents import with_prefix
from translate.engine.processes import distributed
from translate.engine.system import randomness


def test_each_rank_restores_its_own_pools_and_random_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = build_training_state(), build_training_state()
    train_steps(first, 4)
    first_state = randomness.random_state()
    torch.manual_seed(77)
    train_steps(second, 5)
    second_state = randomness.random_state()
    pools = with_prefix("recipe", second.recipe.training_state())
    gathered = [b"", serialized({**second_state, **pools})]
    randomness.restore_random_state(first_state)
    monkeypatch.setattr(distributed, "gather_bytes", lambda _: gathered)
    path = save(tmp_path, first)
    assert (path / "training-rank-1.safetensors").is_file()
    retention.verify(path)
    assert read.read_checkpoint(path).description["processes"] == 2

    for rank, training, random_state in ((0, first, first_state), (1, second, second_state)):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        reloaded = restore(path)
        assert_equal_tensors(reloaded.recipe.training_state(), training.recipe.training_state())
        assert_equal_tensors(randomness.random_state(), random_state)
        assert_equal_tensors(reloaded.recipe.state_dict(), first.recipe.state_dict())


def test_a_process_that_the_checkpoint_lacks_starts_from_its_own_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build_training_state()
    train_steps(training, 4)
    path = save(tmp_path, training)
    monkeypatch.setattr(distributed, "rank", lambda: 1)
    reloaded = restore(path)
    assert reloaded.recipe.training_state()["source_pool"].numel() == 0
    expected = torch.Generator().manual_seed(training.config.train.seed + 1)
    assert torch.equal(torch.rand(3), torch.rand(3, generator=expected))
    assert reloaded.step == 4
