"""The rule that two processes train as one, tested with two real ones."""

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

from translate.contract.recipes.subject import Subject
from translate.contract.rules import require
from translate.engine.checkpoints.state import TrainingState
from translate.engine.disk import files
from translate.engine.optimization.step import take_turns
from translate.engine.plugins import discovery
from translate.engine.system import randomness
from translate.engine.system.randomness import seed_everything
from translate.recipe import Turn
from translate.registry import list_registrations

SECONDS = 60
"""limit of two processes"""


def averages_over_processes(subject: Subject) -> str | None:
    """Train on two processes with the mean of both halves' gradients, to equal weights."""
    if not dist.is_available() or not dist.is_gloo_available():
        return "this PyTorch has no gloo"
    if not (can_fork() or _is_installed(subject.config.recipe)):
        return "new processes load installed plugins only"
    expected = _in_lockstep(subject)
    first, second = _on_two_processes(subject)
    same = first.keys() == second.keys() == expected.keys()
    require(same, "The turns depend on the process.")
    for name, tensor in expected.items():
        require(torch.equal(first[name], second[name]), f"{name} differs between the processes.")
        turn, gradient, _ = name.partition(", ")
        if gradient:
            gradients = torch.cat(
                [t.flatten() for n, t in expected.items() if n.startswith(f"{turn},")]
            )
            is_mean = (first[name] - tensor).abs().max() <= 1e-5 * gradients.abs().max()
            require(is_mean, f"{name} is not the mean of both halves.")
    return None


def can_fork() -> bool:
    """Return whether processes can be forked: not if PyTorch has threads for a GPU."""
    supported = "fork" in multiprocessing.get_all_start_methods()
    return supported and not torch.accelerator.is_available()


def _is_installed(recipe: str) -> bool:
    installed = {
        (discovery.distribution(entry), entry.name) for entry in discovery.installed_entries()
    }
    name = recipe.rpartition("/")[2]
    return any(
        (registration.distribution, registration.entry) in installed
        for registration in list_registrations("recipe")
        if registration.name == name
    )


def _in_lockstep(subject: Subject) -> dict[str, Tensor]:
    """Take one step in this process: two recipes, each with half of the batch, share each turn."""
    halves = [subject.build(), subject.build()]

    def step() -> None:
        seed_everything(0)
        random = [randomness.random_state()] * 2
        running = [half.recipe.step(subject.batch(rank)) for rank, half in enumerate(halves)]
        while True:
            turns: list[Turn | None] = []
            for rank, recipe in enumerate(running):
                randomness.restore_random_state(random[rank])
                turns.append(next(recipe, None))
                random[rank] = randomness.random_state()
            players = {turn and turn.player for turn in turns}
            require(len(players) == 1, f"The player of a turn depends on the images: {players}.")
            if None in turns:
                return
            moves = [
                (h.optimizers[t.player], t.total) for h, t in zip(halves, turns, strict=True) if t
            ]
            moves = [(optimizer, total) for optimizer, total in moves if _trainable(optimizer)]
            gradients = [
                torch.autograd.grad(total, _trainable(optimizer), materialize_grads=True)
                for optimizer, total in moves
            ]
            for optimizer, _ in moves:
                for parameter, *both in zip(_trainable(optimizer), *gradients, strict=True):
                    parameter.grad = torch.stack(both).mean(0)
                optimizer.step()

    return _recorded(halves[0], step)


def _on_two_processes(subject: Subject) -> list[dict[str, Tensor]]:
    """Take one step on two processes, and return the gradients and weights of each.

    They are forked where that is safe, so that they have plugins that this process registered.
    """
    with TemporaryDirectory() as folder:
        results = [Path(folder) / f"rank-{rank}" for rank in range(2)]
        processes: list[Any] = []
        for rank, path in enumerate(results):
            context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
            processes.append(context.Process(target=_process, args=(subject, rank, path)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of forking, from Python 3.12
                processes[-1].start()
        for process in processes:
            process.join(SECONDS)
            process.kill()  # no effect on one that has ended
        for path in results:
            if (error_file := path.with_suffix(".error")).exists():
                raise AssertionError(f"In a second process: {error_file.read_text()}")
            require(path.exists(), "They did not finish: do all take the same turns?")
        return [load(path.read_bytes()) for path in results]


def _process(subject: Subject, rank: int, result: Path) -> None:
    os.dup2(os.pipe()[1], 1)  # gloo prints its peers to standard output
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    try:
        dist.init_process_group(
            "gloo",
            init_method=(result.parent / "rendezvous").as_uri(),
            timeout=timedelta(seconds=SECONDS / 3),
            rank=rank,
            world_size=2,
        )
        training = subject.build()
        seed_everything(0)
        step = partial(take_turns, training.recipe, subject.batch(rank), training.optimizers)
        files.replace(result, save(_recorded(training, step)))
        dist.barrier()  # wait until the other has finished, too
        dist.destroy_process_group()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        files.replace(result.with_suffix(".error"), message.encode())


def _recorded(training: TrainingState, step: Callable[[], Any]) -> dict[str, Tensor]:
    """Return the gradients that each optimizer gets, by turn, and the weights after `step`."""
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
