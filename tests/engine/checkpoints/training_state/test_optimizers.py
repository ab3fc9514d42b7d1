"""Optimizers of a resumed run: what comes from the checkpoint, what from the configuration."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer, RMSprop

from translate.engine.checkpoints.training_state.optimizers import (
    hyperparameters,
    restore_optimizer,
)
from translate.engine.config.yaml_text import to_yaml_types


def stepped(optimizer: Optimizer) -> Optimizer:
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
    """Return the record that a checkpoint keeps of `optimizer`, after a round trip through JSON."""
    state = optimizer.state_dict()
    tensors = {f"{i}/{n}": t for i, v in state["state"].items() for n, t in v.items()}
    record = {"kind": type(optimizer).__name__, "state": {}, "configured": configured}
    return json.loads(json.dumps({**record, "param_groups": state["param_groups"]})), tensors


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
    before = create_optimizer(kind, **defaults)
    record, tensors = saved_state(
        stepped(before), hyperparameters(create_optimizer(kind, **defaults))
    )
    now = create_optimizer(kind, **{**defaults, **changes})
    hyperparameters_now = hyperparameters(now)
    assert restore_optimizer(now, hyperparameters_now, record, tensors) == ""
    assert to_yaml_types(hyperparameters(now)) == to_yaml_types(hyperparameters_now)
    (values,) = now.state.values()
    for name, value in values.items():
        assert torch.equal(value, tensors[f"0/{name}"])
    stepped(now)


def test_hyperparameters_changed_by_a_schedule_are_kept_if_options_are_equal() -> None:
    before = stepped(create_optimizer(betas=(0.5, 0.9)))
    hyperparameters_now = hyperparameters(before)
    before.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.02, "betas": (0.1, 0.2), "eps": 7.0}
    now = create_optimizer(betas=(0.5, 0.9), eps=5.0)
    restore_optimizer(now, hyperparameters(now), *saved_state(before, hyperparameters_now))
    (group,) = hyperparameters(now)
    assert (group["lr"], group["initial_lr"], group["betas"]) == (0.02, 0.1, (0.1, 0.2))
    assert group["eps"] == 5.0


def test_the_configuration_overrides_an_older_checkpoint() -> None:
    before = stepped(create_optimizer())
    before.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.02}
    record, tensors = saved_state(before, [])
    del record["configured"], record["kind"]
    same, other = create_optimizer(), create_optimizer(lr=0.3)
    for now in (same, other):
        assert restore_optimizer(now, hyperparameters(now), record, tensors) == ""
    assert hyperparameters(same)[0]["lr"] == 0.02
    assert hyperparameters(other)[0]["lr"] == 0.3 and "initial_lr" not in other.param_groups[0]


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (lambda: create_optimizer(amsgrad=True), "amsgrad is True, and was False"),
        (lambda: create_optimizer(SGD), "it is SGD, and was Adam"),
        (lambda: create_optimizer(parameters=2), "it has other parameters now"),
    ],
)
def test_moments_of_other_shapes_are_skipped_and_the_optimizer_works(
    now: Any, message: str
) -> None:
    record, tensors = saved_state(stepped(create_optimizer()), hyperparameters(create_optimizer()))
    optimizer = now()
    assert restore_optimizer(optimizer, hyperparameters(optimizer), record, tensors) == message
    assert not optimizer.state
    stepped(optimizer)
    assert restore_optimizer(optimizer, [], None, {}) == "the checkpoint has no such player"
