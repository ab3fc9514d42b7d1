"""An evaluation in the middle of training has no effect on modes, buffers and random numbers."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import small_runs
import torch

from translate.engine.data.check import open_layout
from translate.engine.evaluation.mode import evaluation_mode
from translate.engine.optimization.build import build_training


@pytest.mark.parametrize("ema", [0.0, 0.5])
def test_evaluation_mode_restores_modes_buffers_and_random_numbers(
    ema: float, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("a", 2), image_folder("b", 2)
    config = small_runs.config(tmp_path, "pix2pix", train__ema=ema)
    training = build_training(config, open_layout(config.data).spec, torch.device("cpu"))
    expected = [module.training for module in training.recipe.modules()]
    evaluated = training.average.module if training.average else training.recipe
    before = {name: t.clone() for name, t in evaluated.state_dict().items()}
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # type: ignore[index]
    with evaluation_mode(training) as recipe:
        assert (recipe is training.recipe) != bool(ema)
        assert not any(module.training for module in recipe.modules())
        assert not torch.is_grad_enabled()
        first = torch.rand(2)
        recipe.train()  # so that batch normalization updates its buffers
        recipe.get_submodule("generator")(torch.rand(2, 3, 64, 64))
        assert not all(torch.equal(t, before[name]) for name, t in recipe.state_dict().items())
    with evaluation_mode(training):
        assert torch.equal(torch.rand(2), first), "random numbers start at the seed"
    assert [module.training for module in training.recipe.modules()] == expected
    assert all(torch.equal(t, before[name]) for name, t in evaluated.state_dict().items())
    assert random.getstate() == states[0]
    assert np.random.get_state()[1].tolist() == states[1]  # type: ignore[index]
    assert torch.equal(torch.get_rng_state(), states[2])
