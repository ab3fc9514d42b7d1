"""A checkpoint restores weights, optimizers, pools, averages and random numbers."""

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
from training_states import build_training_state, file_contents, restore, save, train_steps

from translate.engine.checkpoints import read
from translate.engine.disk import files
from translate.errors import CheckpointError


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_checkpoint_restores_the_whole_training_state(
    recipe: str, ema: float, tmp_path: Path
) -> None:
    training = build_training_state(recipe, train__ema=ema)
    train_steps(training, 5)
    random.gauss(0, 1), np.random.normal()  # each caches a second number
    path = save(tmp_path, training)
    expected = [
        torch.rand(3),
        random.gauss(0, 1),
        random.random(),
        np.random.normal(),
        np.random.rand(),
    ]

    reloaded = restore(path)
    assert (reloaded.step, reloaded.spec, reloaded.config) == (5, training.spec, training.config)
    for key, tensor in training.recipe.state_dict().items():
        assert torch.equal(reloaded.recipe.state_dict()[key], tensor), key
    for key, tensor in training.recipe.training_state().items():
        assert torch.equal(reloaded.recipe.training_state()[key], tensor), key
    for player, optimizer in training.optimizers.items():
        before, after = optimizer.state_dict(), reloaded.optimizers[player].state_dict()
        assert before["param_groups"] == after["param_groups"]
        assert before["state"].keys() == after["state"].keys()
        for index, values in before["state"].items():
            for name, value in values.items():
                assert torch.equal(after["state"][index][name], value)
                assert after["state"][index][name].dtype == value.dtype
    if ema:
        assert training.average and reloaded.average
        assert reloaded.average.n_averaged == training.average.n_averaged == 5
        for key, tensor in training.average.module.state_dict().items():
            assert torch.equal(reloaded.average.module.state_dict()[key], tensor), key
    output = [
        torch.rand(3),
        random.gauss(0, 1),
        random.random(),
        np.random.normal(),
        np.random.rand(),
    ]
    assert torch.equal(output[0], expected[0])
    assert output[1:] == expected[1:]


def test_a_run_in_a_folder_with_an_undecodable_name_is_read(tmp_path: Path) -> None:
    training = build_training_state()
    train_steps(training, 1)
    expected = file_contents(save(tmp_path / "one", training))
    run = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff\xfe"))
    path = save(run, training)
    assert file_contents(save(tmp_path / "again", restore(path))) == expected


def test_empty_and_full_image_pools_are_restored(tmp_path: Path) -> None:
    training = build_training_state()
    assert restore(save(tmp_path, training)).recipe.training_state()["source_pool"].numel() == 0
    train_steps(training, 6)
    pool = restore(save(tmp_path, training)).recipe.training_state()["source_pool"]
    assert pool.shape == (3, 3, 16, 16)


def test_inference_uses_the_moving_average_if_there_is_one(tmp_path: Path) -> None:
    training = build_training_state(train__ema=0.9)
    train_steps(training, 3)
    path = save(tmp_path, training)
    checkpoint = read.read_checkpoint(path)
    averaged, plain = read.rebuild_recipe(checkpoint), read.rebuild_recipe(checkpoint)
    read.restore_weights(averaged, path, moving_average=True)
    read.restore_weights(plain, path)
    assert training.average
    key = "source_to_target.model.1.weight"
    assert torch.equal(averaged.state_dict()[key], training.average.module.state_dict()[key])
    assert torch.equal(plain.state_dict()[key], training.recipe.state_dict()[key])
    assert not torch.equal(plain.state_dict()[key], averaged.state_dict()[key])


def test_F5_weights_of_other_shapes_are_named(tmp_path: Path) -> None:
    path = save(tmp_path, build_training_state())
    other = build_training_state(
        options__generator={**small_runs.RESNET, "width": 3, "blocks": 2}
    ).recipe
    with pytest.raises(CheckpointError) as error:
        read.restore_weights(other, path)
    message = str(error.value)
    assert message.startswith(f"{path / 'weights.safetensors'} does not fit CycleGAN: ")
    assert "source_to_target.model.1.bias is (2,) instead of (3,)" in message
    assert message.count(";") == 4  # the first five
    assert re.search(r"Expected cyclegan as translate-kit [\d.]+ and its plugins", message)
    assert (
        "options={'generator': {'name': 'resnet', 'width': 2" in message
    )  # options that would fit

    state = {
        k: v
        for k, v in build_training_state().recipe.state_dict().items()
        if k != "source_to_target.model.1.weight"
    }
    files.replace(
        path / "weights.safetensors", _saved({**state, "source_to_target.model.99": torch.zeros(1)})
    )
    with pytest.raises(CheckpointError) as error:
        read.restore_weights(build_training_state().recipe, path)
    assert (
        "source_to_target.model.1.weight is missing; source_to_target.model.99 is unknown."
        in str(error.value)
    )


def test_F8_shared_weights_are_restored_shared(tmp_path: Path) -> None:
    one, other = build_training_state(), build_training_state(train__seed=1)
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


def _saved(tensors: dict[str, Tensor]) -> bytes:
    from safetensors.torch import save

    return save(copy.deepcopy(tensors))
