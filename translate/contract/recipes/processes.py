"""The rule that data-parallel training averages gradients, tested with two processes."""

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load, save
from torch import Tensor
from torch.optim import Optimizer

from translate.contract.recipes.subject import RecipeSubject
from translate.contract.rules import require
from translate.engine.checkpoints.state import TrainingState
from translate.engine.disk import files
from translate.engine.optimization.step import take_turns
from translate.engine.plugins import discovery
from translate.engine.system import randomness
from translate.engine.system.randomness import seed_everything
from translate.recipe import Turn
from translate.registry import list_registrations

TIMEOUT = 60
"""seconds until the two processes are killed"""
# The first backward pass of a process starts PyTorch's threads for all devices. Once `torch.export`
# has run, a simulated device counts, too, and forked processes may have no backward passes.
torch.ones(1, requires_grad=True).sum().backward()


def averages_gradients(subject: RecipeSubject) -> str | None:
    """Train on two processes with averaged gradients, to the same weights on both."""
    if not dist.is_available() or not dist.is_gloo_available():
        return "PyTorch has no gloo here"
    if not (can_fork() or _is_recipe_installed(subject.config.recipe)):
        return "its plugin is not installed, so another process cannot load it"
    expected = _step_in_one_process(subject)
    first, second = _step_on_two_processes(subject)
    same_names = first.keys() == second.keys() == expected.keys()
    require(same_names, "The processes yield different turns.")
    for name, tensor in expected.items():
        require(torch.equal(first[name], second[name]), f"{name} differs between the processes.")
        turn, is_gradient, _ = name.partition(", ")  # names of gradients begin with the turn
        if is_gradient:
            of_turn = [t for n, t in expected.items() if n.startswith(f"{turn}, ")]
            largest = max(float(gradient.abs().max()) for gradient in of_turn if gradient.numel())
            is_mean = (first[name] - tensor).abs().max() <= 1e-5 * largest
            require(is_mean, f"{name} is not the mean of the gradients of both processes.")
    return None


def can_fork() -> bool:
    """Return whether processes can be forked safely, which is false if PyTorch uses a GPU."""
    supported = "fork" in multiprocessing.get_all_start_methods()
    return supported and not torch.accelerator.is_available()


def _is_recipe_installed(recipe: str) -> bool:
    """Return whether an installed plugin registers the recipe, which a new process then has."""
    installed = {
        (discovery.distribution(entry), entry.name) for entry in discovery.installed_entries()
    }
    name = recipe.rpartition("/")[2]
    return any(
        (registration.distribution, registration.entry) in installed
        for registration in list_registrations("recipe")
        if registration.name == name
    )


def _step_in_one_process(subject: RecipeSubject) -> dict[str, Tensor]:
    """Take one step of two replicas in this process, and return what `_record_step` returns."""
    replicas = [subject.build(), subject.build()]

    def step() -> None:
        seed_everything(0)
        random_states = [randomness.random_state()] * 2
        steps = [replicas[rank].recipe.step(subject.batch(rank)) for rank in range(2)]
        while True:
            turns: list[Turn | None] = []
            for rank, turns_of_rank in enumerate(steps):
                randomness.restore_random_state(random_states[rank])
                turns.append(next(turns_of_rank, None))
                random_states[rank] = randomness.random_state()
            players = {turn and turn.player for turn in turns}
            require(len(players) == 1, f"The player of a turn depends on the images: {players}.")
            if None in turns:
                return
            updates = [
                (replica.optimizers[turn.player], turn.total)
                for replica, turn in zip(replicas, turns, strict=True)
                if turn and _trainable(replica.optimizers[turn.player])
            ]
            gradients = [
                torch.autograd.grad(total, _trainable(optimizer), materialize_grads=True)
                for optimizer, total in updates
            ]
            for optimizer, _ in updates:
                parameters = _trainable(optimizer)
                for parameter, *rank_gradients in zip(parameters, *gradients, strict=True):
                    parameter.grad = torch.stack(rank_gradients).mean(0)
                optimizer.step()

    return _record_step(replicas[0], step)


def _step_on_two_processes(subject: RecipeSubject) -> list[dict[str, Tensor]]:
    """Take one step on two processes, and return what `_record_step` returns on each.

    The processes are forked if that is safe: then they have the plugins of this process.
    """
    with TemporaryDirectory() as folder:
        results = [Path(folder) / f"rank-{rank}" for rank in range(2)]
        processes: list[Any] = []
        for rank, path in enumerate(results):
            context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
            processes.append(context.Process(target=_train_in_process, args=(subject, rank, path)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of forking, from Python 3.12
                processes[-1].start()
        for process in processes:
            process.join(TIMEOUT)
            process.kill()  # no effect if the process has ended
        for path in results:
            if (error_file := path.with_suffix(".error")).exists():
                raise AssertionError(f"In another process: {error_file.read_text()}")
            require(path.exists(), "The processes did not finish: do both yield the same turns?")
        return [load(path.read_bytes()) for path in results]


def _train_in_process(subject: RecipeSubject, rank: int, result: Path) -> None:
    """Take one step as process `rank` of two, and write its tensors, or an error, to a file."""
    os.dup2(os.pipe()[1], 1)  # hides what gloo prints to standard output
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    try:
        dist.init_process_group(
            "gloo",
            init_method=(result.parent / "rendezvous").as_uri(),
            timeout=timedelta(seconds=TIMEOUT / 3),
            rank=rank,
            world_size=2,
        )
        training = subject.build()
        seed_everything(0)
        step = partial(take_turns, training.recipe, subject.batch(rank), training.optimizers)
        files.replace(result, save(_record_step(training, step)))
        dist.barrier()  # until the other process has finished
        dist.destroy_process_group()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        files.replace(result.with_suffix(".error"), message.encode())


def _record_step(training: TrainingState, step: Callable[[], Any]) -> dict[str, Tensor]:
    """Call `step`; return the gradients that optimizers got in each turn, and the new weights."""
    tensors: dict[str, Tensor] = {}
    turns = count(1)

    def record(optimizer: Optimizer, *_: Any, player: str) -> None:
        turn = next(turns)
        for index, parameter in enumerate(_trainable(optimizer)):
            if parameter.grad is not None:
                tensors[f"turn {turn}, {player}'s gradient {index}"] = parameter.grad.clone()

    for player, optimizer in training.optimizers.items():
        optimizer.register_step_pre_hook(partial(record, player=player))
    step()
    weights = training.recipe.named_parameters()
    return tensors | {f"weight {name}": p.detach().clone() for name, p in weights}


def _trainable(optimizer: Optimizer) -> list[Tensor]:
    return [p for g in optimizer.param_groups for p in g["params"] if p.requires_grad]
