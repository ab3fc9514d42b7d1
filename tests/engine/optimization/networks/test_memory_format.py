"""Networks in channels_last are trained, saved and resumed as contiguous networks are."""

from pathlib import Path

import pytest
import small_runs
import torch
from small_gans import build_state
from torch import nn
from training_states import build_training_state, file_contents, restore, save, train_steps

from translate.batches import Pair
from translate.engine.optimization.networks.memory_format import use_channels_last
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError

LAST = torch.channels_last


def test_training_in_channels_last_differs_by_rounding_only() -> None:
    results = []
    for channels_last in (False, True):
        training = build_training_state(train__channels_last=channels_last)
        training.recipe.double()
        torch.manual_seed(0)
        for _ in range(3):
            batch = Pair(*(torch.rand(2, 1, 3, 16, 16, dtype=torch.float64) * 2 - 1))
            batch = batch._make(
                images.contiguous(memory_format=LAST if channels_last else torch.contiguous_format)
                for images in batch
            )
            result = take_turns(training.recipe, batch, training.optimizers)
        weights = [p for p in training.recipe.parameters() if p.ndim == 4 and p.shape[1] > 1]
        assert weights
        for weight in weights:
            assert weight.is_contiguous(memory_format=LAST) == channels_last
        results.append({n: float(v) for n, v in (result.losses | result.norms).items()})
    assert results[0] == pytest.approx(results[1], rel=1e-9)


def test_a_checkpoint_has_the_same_bytes_in_both_memory_formats(tmp_path: Path) -> None:
    training = build_training_state(train__channels_last=True, train__ema=0.5)
    train_steps(training, 1)
    path = save(tmp_path / "last", training)
    restored = restore(path)
    [first, *_] = [p for p in restored.recipe.parameters() if p.ndim == 4 and p.shape[1] > 1]
    assert first.is_contiguous(memory_format=LAST)
    for optimizer in restored.optimizers.values():
        for parameter, state in optimizer.state.items():
            assert state["exp_avg"].stride() == parameter.stride()
    for module in (training.recipe, training.average):
        assert module
        for parameter in module.parameters():
            parameter.data = parameter.data.contiguous()
    contiguous = file_contents(save(tmp_path / "contiguous", training))
    contents = file_contents(path)
    for name in ("weights.safetensors", "ema.safetensors", "training.safetensors"):
        assert contents[name] == contiguous[name], name


def test_a_run_in_channels_last_is_resumed_bit_for_bit(root: Path) -> None:
    def config(steps: int) -> small_runs.Config:
        settings = {"train__channels_last": True, "train__schedule": "constant"}
        return small_runs.config(root, train__steps=steps, **settings)

    small_runs.train(config(4), root / "uninterrupted")
    small_runs.train(config(2), root / "resumed")
    small_runs.resume(root / "resumed", steps=4)
    assert small_runs.equal_checkpoints(root / "resumed", root / "uninterrupted")


def test_instance_norm_of_pytorch_is_refused_by_name() -> None:
    recipe = build_training_state().recipe
    recipe.source_to_target.model[1] = nn.InstanceNorm2d(2)
    with pytest.raises(
        ConfigError, match=r"\.1 is PyTorch's InstanceNorm2d.*nn.norms.InstanceNorm"
    ):
        use_channels_last(recipe)


def test_a_recipe_without_convolutions_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    use_channels_last(build_state("gan").recipe)
    assert "train.channels_last has no effect" in caplog.text
