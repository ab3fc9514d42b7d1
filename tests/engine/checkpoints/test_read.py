"""A checkpoint restores weights, optimizers, image pools, averages and random generators."""

import os
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_runs
import torch
from equal_tensors import assert_equal_tensors
from safetensors.torch import save as serialized
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
    random_numbers()  # each Gaussian number caches a second one
    path = save(tmp_path, training)
    expected_numbers = random_numbers()

    reloaded = restore(path)
    assert random_numbers() == expected_numbers
    assert (reloaded.step, reloaded.spec, reloaded.config) == (5, training.spec, training.config)
    assert_equal_tensors(reloaded.recipe.state_dict(), training.recipe.state_dict())
    assert_equal_tensors(reloaded.recipe.training_state(), training.recipe.training_state())
    for player, optimizer in training.optimizers.items():
        before, after = optimizer.state_dict(), reloaded.optimizers[player].state_dict()
        assert before["param_groups"] == after["param_groups"]
        assert_equal_tensors(after["state"], before["state"])
    if ema:
        assert training.average and reloaded.average
        assert reloaded.average.n_averaged == training.average.n_averaged == 5
        averages = [each.average.module.state_dict() for each in (reloaded, training)]
        assert_equal_tensors(*averages)


def random_numbers() -> list[float]:
    """Draw numbers from each generator that a checkpoint has."""
    numbers = [random.gauss(0, 1), random.random(), np.random.normal(), np.random.rand()]
    return [*numbers, *torch.rand(3).tolist()]


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
    assert message.count(";") == 4, "five tensors are named"
    assert re.search(r"Expected cyclegan as translate-kit [\d.]+ and its plugins", message)
    assert "options={'generator': {'name': 'resnet', 'width': 2" in message, "options that fit"

    weights = dict(build_training_state().recipe.state_dict())
    weights["source_to_target.model.99"] = weights.pop("source_to_target.model.1.weight").clone()
    files.replace(path / "weights.safetensors", serialized(weights))
    message = "source_to_target.model.1.weight is missing; source_to_target.model.99 is unknown."
    with pytest.raises(CheckpointError, match=re.escape(message)):
        read.restore_weights(build_training_state().recipe, path)


def test_F8_weights_that_two_networks_share_are_restored_as_one_tensor(tmp_path: Path) -> None:
    saved, restored = build_training_state(), build_training_state(train__seed=1)
    for training in (saved, restored):
        networks: Any = training.recipe
        networks.source_to_target.model[1].weight = networks.target_to_source.model[1].weight
    read.restore_weights(restored.recipe, save(tmp_path, saved))
    weights = restored.recipe.state_dict()
    assert_equal_tensors(weights, saved.recipe.state_dict())
    names = [f"{network}.model.1.weight" for network in ("source_to_target", "target_to_source")]
    assert weights[names[0]].data_ptr() == weights[names[1]].data_ptr()
