"""The memory of a training step: growth of the peak resident memory of a process; see steps.py."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import training_setup
from step_setup import create_setup, create_textbook

from translate import registry
from translate.engine.optimization.networks.checkpointing import checkpoint_blocks
from translate.progress import ProgressReport
from translate.recipe import adam


def measure_memory_in_processes(args: argparse.Namespace, loop: str) -> list[dict[str, float]]:
    """Return the results of `measure_memory` in `--memory-processes` processes."""
    command = [sys.executable, *sys.argv, "--measure-memory-of", loop]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    outputs = [
        subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
        for _ in range(args.memory_processes)
    ]
    return [json.loads(output) for output in outputs]


def measure_memory(args: argparse.Namespace, loop: str) -> dict[str, float]:
    """Return by how much training raises the peak resident memory above the imports, in MB.

    ``after steps``: when the last step has ended; ``after saving``: when its checkpoint is written
    too. The textbook saves by `torch.save`; its batches are part of its memory.
    """
    steps = args.memory_steps
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        registry.names("recipe")  # imports the plugins
        adam(torch.nn.Linear(1, 1)).zero_grad()  # imports what torch imports with an optimizer
        reset_peak()
        before, growth = peak(), dict[str, float]()

        def record(report: ProgressReport | None = None) -> None:  # noqa: ARG001
            growth["after steps"] = peak() - before

        setup = create_setup(args, root, steps, log_every=steps)
        if loop == "ours":
            if args.checkpointing:
                checkpoint_blocks(setup.training.recipe)
            setup.loop(root / "run", steps, training_setup.ProgressCallback(record)).run()
        else:
            recipe = setup.training.recipe
            textbook = create_textbook(args, setup, recipe, iter(setup.batches(steps)))
            for _ in textbook:
                pass
            record()
            torch.save(recipe.state_dict(), root / "weights.pt")
        return {**growth, "after saving": peak() - before}


def reset_peak() -> None:
    """Set the peak memory of this process to its present resident memory."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Return the peak resident memory of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
