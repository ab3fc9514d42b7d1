"""What an optimizer of a resumed run has from its checkpoint, and what from the configuration."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer, RMSprop

from translate.engine.checkpoints.optimizers import hyperparameters, restore_optimizer
from translate.engine.config.yaml import plain


def stepped(optimizer: Optimizer) -> Optimizer:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return optimizer


def made(kind: type[Optimizer] = Adam, parameters: int = 1, **options: Any) -> Optimizer:
    given = [nn.Parameter(torch.zeros(3)) for _ in range(parameters)]
    return kind(given, **{"lr": 0.1, **options})  # type: ignore[call-arg]


def saved(optimizer: Optimizer, configured: list[dict[str, Any]]) -> tuple[Any, dict[str, Tensor]]:
    """Return what a checkpoint keeps of `optimizer`, through JSON as it does."""
    state = optimizer.state_dict()
    tensors = {f"{i}/{n}": t for i, v in state["state"].items() for n, t in v.items()}
    described = {"kind": type(optimizer).__name__, "state": {}, "configured": configured}
    return json.loads(json.dumps({**described, "param_groups": state["param_groups"]})), tensors


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
def test_T26_hyperparameters_are_the_configurations_and_moments_the_checkpoints(
    kind: type[Optimizer], changes: dict[str, Any]
) -> None:
    usual = {"momentum": 0.9} if kind is SGD else {}
    before = made(kind, **usual)
    described, tensors = saved(stepped(before), hyperparameters(made(kind, **usual)))
    now = made(kind, **{**usual, **changes})
    configured = hyperparameters(now)
    assert restore_optimizer(now, configured, described, tensors) == ""
    assert plain(hyperparameters(now)) == plain(configured)
    (values,) = now.state.values()
    for name, value in values.items():
        assert torch.equal(value, tensors[f"0/{name}"])
    stepped(now)


def test_what_a_schedule_or_a_recipe_has_changed_since_is_kept_where_options_are_equal() -> None:
    before = stepped(made(betas=(0.5, 0.9)))
    configured = hyperparameters(before)
    before.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.02, "betas": (0.1, 0.2), "eps": 7.0}
    now = made(betas=(0.5, 0.9), eps=5.0)
    restore_optimizer(now, hyperparameters(now), *saved(before, configured))
    (group,) = hyperparameters(now)
    assert (group["lr"], group["initial_lr"], group["betas"]) == (0.02, 0.1, (0.1, 0.2))
    assert group["eps"] == 5.0


def test_an_older_checkpoint_gives_way_to_the_configuration() -> None:
    before = stepped(made())
    before.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.02}
    described, tensors = saved(before, [])
    del described["configured"], described["kind"]
    same, other = made(), made(lr=0.3)
    for now in (same, other):
        assert restore_optimizer(now, hyperparameters(now), described, tensors) == ""
    assert hyperparameters(same)[0]["lr"] == 0.02
    assert hyperparameters(other)[0]["lr"] == 0.3 and "initial_lr" not in other.param_groups[0]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (lambda: made(amsgrad=True), "amsgrad is True, and was False"),
        (lambda: made(SGD), "it is SGD, and was Adam"),
        (lambda: made(parameters=2), "it now holds other parameters"),
    ],
)
def test_moments_that_do_not_fit_are_left_out_and_the_optimizer_steps(now: Any, said: str) -> None:
    described, tensors = saved(stepped(made()), hyperparameters(made()))
    optimizer = now()
    assert restore_optimizer(optimizer, hyperparameters(optimizer), described, tensors) == said
    assert not optimizer.state
    stepped(optimizer)
    assert restore_optimizer(optimizer, [], None, {}) == "the checkpoint has no such player"
