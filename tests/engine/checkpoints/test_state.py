"""Equal training states are equal bytes."""

import random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from training_states import CPU, build_training_state, file_contents, restore, save, train_steps

from translate.engine.checkpoints import read, retention
from translate.engine.optimization.build import build_training


def test_equal_states_are_equal_bytes(tmp_path: Path) -> None:
    first, second = (
        build_training_state("pix2pix", train__ema=0.5),
        build_training_state("pix2pix", train__ema=0.5),
    )
    for training in (first, second):
        torch.manual_seed(1)
        train_steps(training, 3)
        save(tmp_path / str(id(training)), training)
    one, other = (
        file_contents(next(retention.list_checkpoints(tmp_path / str(id(t))))[1])
        for t in (first, second)
    )
    assert one == other
    assert set(one) == {
        "weights.safetensors",
        "ema.safetensors",
        "training.safetensors",
        "state.json",
        "MANIFEST.json",
    }


def test_saving_what_was_loaded_writes_the_same_bytes(tmp_path: Path) -> None:
    training = build_training_state("cyclegan", train__ema=0.5)
    train_steps(training, 4)
    path = save(tmp_path / "one", training)
    assert file_contents(save(tmp_path / "two", restore(path))) == file_contents(path)


def test_channels_last_weights_are_saved_as_the_same_bytes_and_train_on_the_same(
    tmp_path: Path,
) -> None:
    plain, other = build_training_state(), build_training_state()
    other.recipe.to(memory_format=torch.channels_last)
    paths = [save(tmp_path / str(i), t) for i, t in enumerate((plain, other))]
    assert file_contents(paths[0]) == file_contents(paths[1])

    torch.manual_seed(0)
    train_steps(other, 2)
    checkpoint = read.read_checkpoint(save(tmp_path / "run", other))
    second = build_training(checkpoint.config, checkpoint.spec, CPU)
    second.recipe.to(memory_format=torch.channels_last)
    read.restore(second, checkpoint)
    for training in (other, second):
        torch.manual_seed(9)
        train_steps(training, 2)
    for key, tensor in other.recipe.state_dict().items():
        assert torch.equal(second.recipe.state_dict()[key], tensor), key


def test_F3_random_numbers_are_saved_as_numbers(tmp_path: Path) -> None:
    training = build_training_state()
    path = save(tmp_path, training)
    saved = load((path / "training.safetensors").read_bytes())
    kinds = {name for name in saved if name.startswith("random/")}
    assert kinds >= {"random/torch", "random/python", "random/numpy"}
    expected = random.random(), np.random.rand(), torch.rand(()).item()
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    read.restore(training, read.read_checkpoint(path))
    assert (random.random(), np.random.rand(), torch.rand(()).item()) == expected
