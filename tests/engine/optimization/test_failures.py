"""Failures of a step name the step and the setting to change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from torch import nn
from two_player_recipe import TwoPlayers

from translate.batches import Images, Pair
from translate.errors import ConfigError, TrainingError
from translate.recipe import Turn
from translate_plugins.cyclegan import CycleGAN


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_T12_out_of_memory_suggests_a_setting_and_keeps_the_last_checkpoint(
    error: Exception,
    two_players: type[TwoPlayers],
    configure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, run = two_players.step, tmp_path / "run"

    def fail(recipe: TwoPlayers, batch: Images) -> Iterator[Turn]:
        yield from step(recipe, batch)
        if recipe.iteration == 4:
            raise error

    monkeypatch.setattr(two_players, "step", fail)
    for batch_size, advice in {6: "--batch-size 3", 1: "--size 8x8"}.items():
        config = configure(train__steps=9, train__save_every=2, train__batch_size=batch_size)
        out = run / str(batch_size)
        with pytest.raises(TrainingError, match="step 5: there is not enough memory") as raised:
            small_runs.train(config, out)
        assert f"Try {advice}; " in str(raised.value)
        assert f"--resume {out} --fork-run {advice}." in str(raised.value)
        assert small_runs.checkpoint_steps(out) == [2, 4]


def test_out_of_memory_suggests_checkpointing_where_blocks_are_repeated(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(recipe: CycleGAN, batch: Pair) -> Iterator[Turn]:  # noqa: ARG001
        raise torch.OutOfMemoryError

    monkeypatch.setattr(CycleGAN, "step", fail)
    generator = {"name": "resnet", "width": 2, "blocks": 2}
    for setting, flag in ((False, "--set train.checkpointing=true"), (True, "--size 8x8")):
        config = small_runs.config(root, train__checkpointing=setting, options__generator=generator)
        with pytest.raises(TrainingError, match="not enough memory") as raised_error:
            small_runs.train(config, root / flag)
        assert f"Try {flag}; " in str(raised_error.value)
        assert f"--resume {root / flag} {'--fork-run ' * setting}{flag}" in str(raised_error.value)


@pytest.mark.parametrize(
    ("layer", "crop", "batch_size", "advice"),
    [
        (nn.BatchNorm2d(3), 1, 1, "--batch-size 2"),
        (nn.InstanceNorm2d(3), 1, 3, "--size 2x2"),
        (nn.ReflectionPad2d(3), 3, 2, "--size 6x6"),
        (nn.Conv2d(3, 3, 4), 3, 2, "--size 6x6"),
        (nn.MaxPool2d(4), 3, 2, "--size 6x6"),
    ],
)
def test_T20_an_input_too_small_for_a_later_turn_is_reported_at_that_step(
    layer: nn.Module, crop: int, batch_size: int, advice: str,
    two_players: type[TwoPlayers], configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def step(recipe: TwoPlayers, batch: Images) -> Iterator[Turn]:
        yield Turn("two", score=recipe.two.weight.sum())
        yield Turn("one", score=recipe.one.weight.sum() * layer(batch.images).mean())

    monkeypatch.setattr(two_players, "step", step)
    config = configure(data__size=crop, train__batch_size=batch_size)
    message = f"step 1: batches of {batch_size} with crops of"
    with pytest.raises(ConfigError, match=message) as error:
        small_runs.train(config, tmp_path / "run")
    assert str(error.value).endswith(f" Try {advice}.")
    assert "\n" not in str(error.value)
