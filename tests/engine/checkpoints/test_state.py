"""Equal training states give checkpoints of equal bytes."""

import random
from pathlib import Path

import numpy as np
import torch
from equal_tensors import assert_equal_tensors
from safetensors.torch import load
from training_states import CPU, build_training_state, file_contents, restore, save, train_steps

from translate.engine.checkpoints import read
from translate.engine.checkpoints.contents import AVERAGE, MANIFEST, TRAINING, WEIGHTS
from translate.engine.optimization.build import build_training


def test_equal_states_give_equal_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "other"):
        training = build_training_state("pix2pix", train__ema=0.5)
        torch.manual_seed(1)
        train_steps(training, 3)
        contents.append(file_contents(save(tmp_path / name, training)))
    assert contents[0] == contents[1]
    assert contents[0].keys() == {WEIGHTS, AVERAGE, TRAINING, "state.json", MANIFEST}


def test_saving_what_was_loaded_writes_the_same_bytes(tmp_path: Path) -> None:
    training = build_training_state("cyclegan", train__ema=0.5)
    train_steps(training, 4)
    path = save(tmp_path / "one", training)
    assert file_contents(save(tmp_path / "two", restore(path))) == file_contents(path)


def test_channels_last_weights_have_equal_bytes_and_resume_to_equal_weights(tmp_path: Path) -> None:
    contiguous, channels_last = build_training_state(), build_training_state()
    channels_last.recipe.to(memory_format=torch.channels_last)
    saved = file_contents(save(tmp_path / "contiguous", contiguous))
    assert file_contents(save(tmp_path / "channels-last", channels_last)) == saved

    torch.manual_seed(0)
    train_steps(channels_last, 2)
    checkpoint = read.read_checkpoint(save(tmp_path / "run", channels_last))
    resumed = build_training(checkpoint.config, checkpoint.spec, CPU)
    resumed.recipe.to(memory_format=torch.channels_last)
    read.restore(resumed, checkpoint)
    for training in (channels_last, resumed):
        torch.manual_seed(9)
        train_steps(training, 2)
    assert_equal_tensors(resumed.recipe.state_dict(), channels_last.recipe.state_dict())


def test_F3_states_of_random_generators_are_saved_as_tensors(tmp_path: Path) -> None:
    training = build_training_state()
    path = save(tmp_path, training)
    saved = load((path / "training.safetensors").read_bytes())
    assert {"random/torch", "random/python", "random/numpy"} <= saved.keys()
    expected = random.random(), np.random.rand(), torch.rand(()).item()
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    read.restore(training, read.read_checkpoint(path))
    assert (random.random(), np.random.rand(), torch.rand(()).item()) == expected
