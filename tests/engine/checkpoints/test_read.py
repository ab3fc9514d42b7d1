"""What was saved is restored: weights, optimizers, pools, averages and random numbers."""

import copy
import os
import random
import re
from pathlib import Path

import numpy as np
import pytest
import small_runs
import torch
from torch import Tensor
from training_states import build, file_contents, restore, save, train_steps

from translate.engine.checkpoints import read, retention
from translate.engine.disk import files
from translate.engine.system import randomness
from translate.errors import CheckpointError


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_everything_comes_back(recipe: str, ema: float, tmp_path: Path) -> None:
    training = build(recipe, train__ema=ema)
    train_steps(training, 5)
    random.gauss(0, 1), np.random.normal()  # each keeps a second number in hand
    path = save(tmp_path, training)
    expected = [
        torch.rand(3),
        random.gauss(0, 1),
        random.random(),
        np.random.normal(),
        np.random.rand(),
    ]

    again = restore(path)
    assert (again.step, again.spec, again.config) == (5, training.spec, training.config)
    for key, tensor in training.recipe.state_dict().items():
        assert torch.equal(again.recipe.state_dict()[key], tensor), key
    for key, tensor in training.recipe.training_state().items():
        assert torch.equal(again.recipe.training_state()[key], tensor), key
    for player, optimizer in training.optimizers.items():
        before, after = optimizer.state_dict(), again.optimizers[player].state_dict()
        assert before["param_groups"] == after["param_groups"]
        assert before["state"].keys() == after["state"].keys()
        for index, values in before["state"].items():
            for name, value in values.items():
                assert torch.equal(after["state"][index][name], value)
                assert after["state"][index][name].dtype == value.dtype
    if ema:
        assert training.average and again.average
        assert again.average.n_averaged == training.average.n_averaged == 5
        for key, tensor in training.average.module.state_dict().items():
            assert torch.equal(again.average.module.state_dict()[key], tensor), key
    drawn = [
        torch.rand(3),
        random.gauss(0, 1),
        random.random(),
        np.random.normal(),
        np.random.rand(),
    ]
    assert torch.equal(drawn[0], expected[0])
    assert drawn[1:] == expected[1:]


def test_a_run_in_a_folder_whose_name_is_not_text_is_read_as_any_other(tmp_path: Path) -> None:
    training = build()
    train_steps(training, 1)
    expected = file_contents(save(tmp_path / "one", training))
    run = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff\xfe"))
    path = save(run, training)
    assert file_contents(save(tmp_path / "again", restore(path))) == expected


def test_an_empty_pool_and_a_full_one_come_back(tmp_path: Path) -> None:
    training = build()
    assert restore(save(tmp_path, training)).recipe.training_state()["source_pool"].numel() == 0
    train_steps(training, 6)
    pool = restore(save(tmp_path, training)).recipe.training_state()["source_pool"]
    assert pool.shape == (3, 3, 16, 16)


def test_inference_takes_the_average_where_there_is_one(tmp_path: Path) -> None:
    training = build(train__ema=0.9)
    train_steps(training, 3)
    path = save(tmp_path, training)
    found = read.read_checkpoint(path)
    averaged, plain = read.rebuild_recipe(found), read.rebuild_recipe(found)
    read.restore_weights(averaged, path, averaged=True)
    read.restore_weights(plain, path)
    assert training.average
    key = "source_to_target.model.1.weight"
    assert torch.equal(averaged.state_dict()[key], training.average.module.state_dict()[key])
    assert torch.equal(plain.state_dict()[key], training.recipe.state_dict()[key])
    assert not torch.equal(plain.state_dict()[key], averaged.state_dict()[key])


def test_F5_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = save(tmp_path, build())
    other = build(options__generator={**small_runs.RESNET, "width": 3, "blocks": 2}).recipe
    with pytest.raises(CheckpointError) as caught:
        read.restore_weights(other, path)
    said = str(caught.value)
    assert said.startswith(f"{path / 'weights.safetensors'} does not fit CycleGAN: ")
    assert "source_to_target.model.1.bias is (2,) instead of (3,)" in said
    assert said.count(";") == 4  # the first five
    assert re.search(r"What fits is cyclegan as translate-kit [\d.]+ and its plugins", said)
    assert "options={'generator': {'name': 'resnet', 'width': 2" in said  # what would fit

    state = {
        k: v
        for k, v in build().recipe.state_dict().items()
        if k != "source_to_target.model.1.weight"
    }
    files.replace(
        path / "weights.safetensors", _saved({**state, "source_to_target.model.99": torch.zeros(1)})
    )
    with pytest.raises(CheckpointError) as caught:
        read.restore_weights(build().recipe, path)
    assert (
        "source_to_target.model.1.weight is missing; source_to_target.model.99 is unknown."
        in str(caught.value)
    )


def test_F8_weights_that_two_networks_share_come_back_shared(tmp_path: Path) -> None:
    one, other = build(), build(train__seed=1)
    for training in (one, other):
        training.recipe.source_to_target.model[1].weight = training.recipe.target_to_source.model[
            1
        ].weight  # type: ignore
    path = save(tmp_path, one)
    read.restore_weights(other.recipe, path)
    weights = other.recipe.state_dict()
    for name, tensor in one.recipe.state_dict().items():
        assert torch.equal(weights[name], tensor), name
    shared = [
        weights[f"{name}.model.1.weight"].data_ptr()
        for name in ("source_to_target", "target_to_source")
    ]
    assert shared[0] == shared[1]


def test_each_rank_gets_its_own_pools_and_random_numbers_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = build(), build()
    train_steps(first, 4)
    mine = randomness.random_state()
    torch.manual_seed(77)
    train_steps(second, 5)
    theirs = randomness.random_state()
    other = _saved(
        {**theirs, **{f"recipe/{k}": v for k, v in second.recipe.training_state().items()}}
    )
    randomness.restore_random_state(mine)
    monkeypatch.setattr(read.distributed, "gather_bytes", lambda data: [data, other])
    path = save(tmp_path, first)
    assert (path / "training-rank-1.safetensors").is_file()
    retention.verify(path)
    assert read.read_checkpoint(path).description["processes"] == 2

    for rank, training, random_state in ((0, first, mine), (1, second, theirs)):
        monkeypatch.setattr(read.distributed, "rank", lambda rank=rank: rank)
        again = restore(path)
        _same(again.recipe.training_state(), training.recipe.training_state())
        _same(randomness.random_state(), random_state)
        _same(again.recipe.state_dict(), first.recipe.state_dict())


def test_a_rank_that_was_not_there_starts_from_its_own_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build()
    train_steps(training, 4)
    path = save(tmp_path, training)
    monkeypatch.setattr(read.distributed, "rank", lambda: 1)
    again = restore(path)
    assert again.recipe.training_state()["source_pool"].numel() == 0
    expected = torch.Generator().manual_seed(training.config.train.seed + 1)
    assert torch.equal(torch.rand(3), torch.rand(3, generator=expected))
    assert again.step == 4


def _saved(tensors: dict[str, Tensor]) -> bytes:
    from safetensors.torch import save

    return save(copy.deepcopy(tensors))


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for key, tensor in one.items():
        assert torch.equal(tensor, other[key]), key
