"""The command line of steps.py, and the loops that it describes."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tables
import training_setup


def arguments(docstring: str | None) -> argparse.Namespace:
    """Return the command line of the script with this docstring."""
    parser = tables.parser_with_json(docstring)
    parser.add_argument("--recipe", choices=list(training_setup.LOOPS), default="cyclegan")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, help="batch size [that of the recipe]")
    parser.add_argument("--passes", choices=["ours", "authors"], default="ours")
    parser.add_argument("--adam", choices=["same", "default"], default="same")
    parser.add_argument(
        "--checkpointing", action="store_true", help="train.checkpointing, only in our loop"
    )
    parser.add_argument("--pairs", type=int, default=30, help="0: only memory and differences")
    parser.add_argument(
        "--block", type=int, default=1, help="steps of a loop before the other one continues"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--compared-steps",
        type=int,
        default=4,
        help="steps before losses and weights are compared; 0: not compared",
    )
    parser.add_argument(
        "--memory-processes", type=int, default=3, help="processes that measure a loop's memory"
    )
    parser.add_argument(
        "--memory-steps", type=int, default=6, help="steps before memory is measured"
    )
    parser.add_argument("--set", dest="settings", action="append", default=[])
    # measure_memory_in_processes starts the same command with this option
    parser.add_argument("--measure-memory-of", choices=["ours", "textbook"], help=argparse.SUPPRESS)
    return parser.parse_args()


def create_setup(
    args: argparse.Namespace, root: Path, steps: int, **train: Any
) -> training_setup.TrainingSetup:
    """Return the setup of the command line, without previews and intermediate checkpoints.

    `train` are further settings of the section ``train``.
    """
    settings = {"preview_every": 0, "save_every": steps + 1, **train}
    if args.batch_size:
        settings["batch_size"] = args.batch_size
    return training_setup.create_setup(
        args.recipe, root, args.size, steps=steps, settings=args.settings, **settings
    )


def create_textbook(
    args: argparse.Namespace, setup: training_setup.TrainingSetup, recipe: Any, batches: Any
) -> Iterator[Any]:
    """Return the textbook's loop with the settings of the command line."""
    fused = True if args.adam == "same" else None
    return training_setup.textbook_loop(
        setup, recipe, batches, fused=fused, our_passes=args.passes == "ours"
    )
