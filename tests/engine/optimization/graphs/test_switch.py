"""The setting ``train.cuda_graphs``: off by default, and reported where it has no effect."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.engine.config.schema import Train
from translate.engine.optimization.graphs import networks
from translate.engine.optimization.graphs.networks import graphed_networks, why_eager
from translate.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "device", "reason"),
    [
        ({}, "cpu", "training is on a cpu"),
        ({"accumulate": 2, "batch_size": 2}, "cuda", "train.accumulate"),
        ({}, "cuda", ""),
    ],
)
def test_settings_without_graphs_are_recognized(
    settings: dict[str, Any], device: str, reason: str
) -> None:
    actual = why_eager(Train(**settings), torch.device(device))
    assert reason in actual and bool(actual) == bool(reason)


def test_batches_are_pinned_by_a_thread_unless_this_would_end_a_capture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for is_possible in (True, False):
        monkeypatch.setattr(networks, "OTHERS_MAY_USE_CUDA", is_possible)
        assert networks.allows_pinning(Train())
        assert networks.allows_pinning(Train(cuda_graphs=True)) == is_possible


@pytest.mark.parametrize("setting", ["compile", "checkpointing"])
def test_graphs_are_refused_with_other_settings_that_change_networks(setting: str) -> None:
    with pytest.raises(ConfigError, match=rf"cuda_graphs: expected false with train.{setting}"):
        small_runs.config(Path("none"), train__cuda_graphs=True, **{f"train__{setting}": True})


def test_graphs_are_off_by_default_and_on_a_cpu_with_a_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    subject = make_subject("gan", small_options("recipe", "gan"), None, None)
    training = subject.build()
    assert not graphed_networks(training).networks and not caplog.records
    train = training.config.train.model_copy(update={"cuda_graphs": True})
    training.config = training.config.model_copy(update={"train": train})
    assert not graphed_networks(training).networks
    assert "train.cuda_graphs has no effect: training is on a cpu" in caplog.text
