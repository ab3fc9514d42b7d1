"""Optimizers of a resumed run: what comes from the checkpoint, what from the configuration."""

import json
from typing import Any

import pytest
import torch
from equal_tensors import assert_equal_tensors
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer, RMSprop

from translate.engine.checkpoints.training_state.optimizers import (
    hyperparameters,
    restore_optimizer,
)
from translate.engine.config.yaml_text import to_yaml_types


def take_step(optimizer: Optimizer) -> Optimizer:
    """Take a step with gradients of 1; return the optimizer, which has moments now."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return optimizer


def create_optimizer(
    kind: type[Optimizer] = Adam, parameters: int = 1, **options: Any
) -> Optimizer:
    values = [nn.Parameter(torch.zeros(3)) for _ in range(parameters)]
    return kind(values, **{"lr": 0.1, **options})  # type: ignore[call-arg]


def saved_state(
    optimizer: Optimizer, configured: list[dict[str, Any]]
) -> tuple[Any, dict[str, Tensor]]:
    """Return what a checkpoint has of `optimizer`: an entry of ``state.json``, and moments."""
    state = optimizer.state_dict()
    tensors = {f"{i}/{n}": t for i, v in state["state"].items() for n, t in v.items()}
    entry = {"kind": type(optimizer).__name__, "state": {}, "configured": configured}
    return json.loads(json.dumps({**entry, "param_groups": state["param_groups"]})), tensors


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Adam, {"lr": 1e-6}),
        (Adam, {"betas": (0.9, 0.99), "eps": 1e-3}),
        (Adam, {"weight_decay": 0.5, "maximize": True}),
        (SGD, {"lr": 3.0, "nesterov": True, "momentum": 0.5}),
        (RMSprop, {"alpha": 0.5}),
    ],
)
def test_T26_hyperparameters_come_from_the_config_and_moments_from_the_checkpoint(
    kind: type[Optimizer], changes: dict[str, Any]
) -> None:
    defaults = {"momentum": 0.9} if kind is SGD else {}
    saved = create_optimizer(kind, **defaults)
    configured = hyperparameters(saved)
    entry, tensors = saved_state(take_step(saved), configured)
    resumed = create_optimizer(kind, **{**defaults, **changes})
    new_values = hyperparameters(resumed)
    assert restore_optimizer(resumed, new_values, entry, tensors) == ""
    assert to_yaml_types(hyperparameters(resumed)) == to_yaml_types(new_values)
    (moments,) = resumed.state.values()
    assert_equal_tensors({f"0/{name}": value for name, value in moments.items()}, tensors)
    take_step(resumed)


def test_hyperparameters_changed_by_a_schedule_are_kept_if_options_are_equal() -> None:
    saved = take_step(create_optimizer(betas=(0.5, 0.9)))
    configured = hyperparameters(saved)
    saved.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.02, "betas": (0.1, 0.2), "eps": 7.0}
    resumed = create_optimizer(betas=(0.5, 0.9), eps=5.0)
    restore_optimizer(resumed, hyperparameters(resumed), *saved_state(saved, configured))
    (group,) = hyperparameters(resumed)
    assert (group["lr"], group["initial_lr"], group["betas"]) == (0.02, 0.1, (0.1, 0.2))
    assert group["eps"] == 5.0


def test_a_changed_learning_rate_overrides_that_of_a_checkpoint_of_an_older_version() -> None:
    saved = take_step(create_optimizer())
    saved.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.02}
    entry, tensors = saved_state(saved, [])
    del entry["configured"], entry["kind"]
    unchanged, changed = create_optimizer(), create_optimizer(lr=0.3)
    for resumed in (unchanged, changed):
        assert restore_optimizer(resumed, hyperparameters(resumed), entry, tensors) == ""
    assert hyperparameters(unchanged)[0]["lr"] == 0.02
    (group,) = hyperparameters(changed)
    assert group["lr"] == 0.3 and "initial_lr" not in group


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"amsgrad": True}, "amsgrad is True, and was False"),
        ({"kind": SGD}, "it is SGD, and was Adam"),
        ({"parameters": 2}, "it has other parameters now"),
    ],
)
def test_an_optimizer_with_other_moments_starts_without_any(
    settings: dict[str, Any], message: str
) -> None:
    saved = create_optimizer()
    entry, tensors = saved_state(take_step(saved), hyperparameters(saved))
    optimizer = create_optimizer(**settings)
    assert restore_optimizer(optimizer, hyperparameters(optimizer), entry, tensors) == message
    assert not optimizer.state
    take_step(optimizer)
    assert restore_optimizer(optimizer, [], None, {}) == "the checkpoint has no such player"
