"""``python -m translate.scale.ray``: the command `translate infer` on a Ray cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from translate.cli import infer, main
from translate.engine.system.locations import parse_location

if TYPE_CHECKING:
    from translate.engine.inference.folder import Execute
    from translate.engine.models.options import InferenceOptions

OMITTED_OPTIONS = ("device", "trust")
"""options of `translate infer` that this command does not have"""
HELP = """Translate SOURCE into the folder OUT in actors of a Ray cluster.

All machines of the cluster must access RUN, SOURCE and OUT by the same paths. Options, outputs,
problems.jsonl and exit codes are those of `translate infer`; a repeated command skips images with
existing outputs. Without --address or $RAY_ADDRESS, Ray is started on this machine.

\b
Examples:
  python -m translate.scale.ray runs/x photos/ out/ --actors 4
  python -m translate.scale.ray runs/x photos/ out/ --actors 8 --gpus 1 --address auto
"""


def translate(
    run: Path, out: str, actors: int, gpus: float, cpus: float, address: str | None, **options: Any
) -> int:
    """Translate images in actors of a Ray cluster, and return the exit code."""
    from translate.errors import require_package

    require_package("ray", "ray")

    def make_execute(settings: InferenceOptions) -> Execute:
        from translate.scale.ray.pipeline import RayPipeline

        return RayPipeline(
            _absolute(run),
            parse_location(out),
            settings,
            actors=actors,
            gpus=gpus,
            cpus=cpus,
            address=address,
        ).run

    return infer.infer(run=run, out=out, device="cpu", make_execute=make_execute, **options)


def _absolute(run: Path) -> str:
    """Return `run`, with an absolute path: actors may have another working directory.

    References to the Hugging Face Hub are returned unchanged.
    """
    if run.exists():
        return str(run.absolute())
    name, at, step = str(run).rpartition("@")
    path = Path(name)
    return f"{path.absolute()}{at}{step}" if name and path.exists() else str(run)


command = click.Command(
    "python -m translate.scale.ray",
    callback=translate,
    help=HELP,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        *(option for option in infer.command.params if option.name not in OMITTED_OPTIONS),
        click.Option(
            ["--actors"],
            type=click.IntRange(1),
            metavar="N",
            default=1,
            help="Number of actors; each has a copy of the model in memory.  [default: 1]",
        ),
        click.Option(
            ["--gpus"],
            type=click.FloatRange(0),
            metavar="N",
            default=0.0,
            help="GPUs of each actor, such as 1, or 0.25 for four actors on one.  [default: "
            "0, the CPU]",
        ),
        click.Option(
            ["--cpus"],
            type=click.FloatRange(0, min_open=True),
            metavar="N",
            default=1.0,
            help="CPUs of each actor, and number of its PyTorch threads.  [default: 1]",
        ),
        click.Option(
            ["--address"],
            metavar="ADDRESS",
            help="Address of a Ray cluster: auto, HOST:PORT or ray://HOST:PORT.  [default: "
            "$RAY_ADDRESS, else a cluster on this machine]",
        ),
    ],
)

if __name__ == "__main__":
    main(command=command)
