"""`translate train`: from folders of images to a run folder."""

import math
import re
from itertools import pairwise
from pathlib import Path
from shlex import quote
from typing import Any

import click

from translate.cli.options import (
    Several,
    SeveralCommand,
    completing,
    config_names,
    domain_names,
    plugin_names,
)

ONLY_AT_THE_START = ("plugin", "config", "init")
ONLY_WITH_RESUME = ("accept_data_change", "fork_run")


class TrainCommand(SeveralCommand):
    """Knows which settings are no flags."""

    def hint(self, option: str, args: list[str]) -> str:
        """Return how the setting that somebody took for a flag is set."""
        from translate.engine.config import layers, yaml
        from translate.errors import TranslateError

        given = dict(pairwise(args))
        try:
            recipe = given.get("--plugin")
            if not recipe and "--config" in given:
                recipe = yaml.read(given["--config"]).get("recipe")
            elif not recipe and (run := given.get("--resume") or given.get("--init")):
                recipe = yaml.read(str(Path(run) / "config.yaml")).get("recipe")
            return layers.hint(option.lstrip("-").replace("-", "_"), recipe)
        except (TranslateError, OSError):
            return ""


@click.command(cls=TrainCommand, no_args_is_help=True)
@click.option(
    "--plugin",
    metavar="RECIPE",
    shell_complete=completing(plugin_names),
    help="The method: `translate show` lists all. [the configuration's]",
)
@click.option(
    "--domains",
    cls=Several,
    multiple=True,
    metavar="A [B ...]",
    shell_complete=completing(domain_names),
    help="Folders of images: from the first, to the last.",
)
@click.option(
    "--config",
    metavar="NAME_OR_FILE",
    shell_complete=completing(config_names),
    help="Start from configs/NAME.yaml or a file; --plugin is then optional. [none]",
)
@click.option(
    "--data", type=click.Path(), metavar="DIR", help="Where domain folders lie. [datasets]"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The run folder. [runs/RECIPE-A-B]",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Continue a run; needs nothing else. --steps may raise the end, --set what is logged. "
    "[none]",
)
@click.option(
    "--init",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Fine-tune: start from a run's weights, with a fresh optimizer, schedule and step 0. "
    "Settings that are not given are that run's; tensors that do not fit are listed. [none]",
)
@click.option("--steps", type=int, metavar="N", help="Steps to train. [the recipe's]")
@click.option(
    "--epochs",
    type=int,
    metavar="N",
    help="Times to see every image, in place of --steps. [the recipe's]",
)
@click.option(
    "--size",
    metavar="N",
    help="Training crop in pixels: N, or HEIGHTxWIDTH. [the recipe's, mostly 256]",
)
@click.option(
    "--batch-size", type=int, metavar="N", help="Images in a step. [the recipe's, mostly 1]"
)
@click.option("--seed", type=int, metavar="N", help="Random seed. [0]")
@click.option("--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N. [auto]")
@click.option("--precision", type=click.Choice(["fp32", "bf16"]), help="bf16 is for GPUs. [fp32]")
@click.option("--deterministic", is_flag=True, help="Bit-exact on a GPU, too; slower.")
@click.option("--drop-unpaired", is_flag=True, help="Leave out images without a partner.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help='Any other setting, in YAML: --set "options.generator={name: resnet, blocks: 6}".',
)
@click.option(
    "--max-time", metavar="TIME", help="Stop with a checkpoint after 90m, or 2h30m. [no limit]"
)
@click.option(
    "--save-on",
    type=click.Choice(["SIGUSR1", "SIGUSR2", "SIGHUP"]),
    help="Save a checkpoint on this signal, and continue. [none]",
)
@click.option(
    "--accept-data-change", is_flag=True, help="Resume although the images are others now."
)
@click.option(
    "--fork-run",
    is_flag=True,
    help="Resume with any other settings or --data, in a folder of its own: --out, or RUN-fork.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(**given: Any) -> int:
    """Train a method on folders of images.

    `translate show` lists recipes, configurations, layouts, networks and losses; every setting of a
    recipe, with its meaning, default and choices, is in `translate show RECIPE`.

    \b
    Examples:
      translate train --plugin cyclegan --domains summer winter
      translate train --config cyclegan-small --steps 200
      translate train --resume runs/cyclegan-summer-winter
      translate train --init runs/cyclegan-summer-winter --domains autumn spring --steps 500
      translate train --resume runs/cyclegan-summer-winter --data NEW --fork-run --steps 4000
    """
    from translate.engine.checkpoints.initialization import Initial
    from translate.engine.config import layers
    from translate.engine.processes.signals import Interrupts
    from translate.engine.training import session
    from translate.engine.training.progress_bar import watch

    limit = _seconds(given["max_time"])
    if given["steps"] is not None and given["epochs"] is not None:
        raise click.UsageError("--steps and --epochs say the same thing: give one of them.")
    _refuse_what_does_not_apply(given)
    with watch(quiet=given["quiet"]) as watcher:
        interrupts = Interrupts(
            save_on=given["save_on"],
            seconds=limit,
            say=watcher.say,
            work="this step, then saving a checkpoint",
        )
        if given["resume"]:
            result = session.resume(
                given["resume"],
                flags=_flags(given),
                assignments=given["assignments"],
                accept_data_change=given["accept_data_change"],
                fork=given["fork_run"],
                out=given["out"],
                watcher=watcher,
                interrupts=interrupts,
            )
        else:
            init = Initial(given["init"]) if given["init"] else None
            asked = (init.configuration if init else layers.resolve)(
                given["plugin"],
                config=given["config"],
                flags=_flags(given),
                assignments=given["assignments"],
            )
            result = session.start(
                asked, out=given["out"], init=init, watcher=watcher, interrupts=interrupts
            )
    if result.signal or result.late or result.reason:
        why = "time is up" if result.late else "stopped"
        by = f" ({result.reason})" if result.reason else ""
        resume = f"translate train --resume {quote(str(result.path))}"
        watcher.say(f"{why} at step {result.step}{by}: {resume}")
    elif result.next_command:
        watcher.say(f"run: {result.path}, {result.step} steps")
        if result.preview:
            watcher.say(f"preview: {result.preview}")
        watcher.say(f"next: {result.next_command}")
    if result.signal:
        return 128 + result.signal
    if result.listed:
        watcher.say(f"{result.listed} listed in {result.path / 'problems.jsonl'}")
    return 3 if result.listed else 0


def _refuse_what_does_not_apply(given: dict[str, Any]) -> None:
    """Raise where a flag is for a start and this is a resume, or the other way round."""
    from translate.engine.config.layers import is_set

    start = ONLY_AT_THE_START if given["fork_run"] else (*ONLY_AT_THE_START, "out")
    wrong = [
        name for name in (start if given["resume"] else ONLY_WITH_RESUME) if is_set(given[name])
    ]
    flags = {parameter.name: parameter.opts[0] for parameter in command.params}
    named = ", ".join(flags[name] for name in wrong)
    if wrong and given["resume"]:
        raise click.UsageError(f"--resume takes everything from the run: leave out {named}.")
    if wrong:
        raise click.UsageError(f"{named} is for --resume.")


def _flags(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that have a flag, as they were given."""
    from translate.engine.config.layers import FLAGS, from_flags

    named = {name: given[name] for name in FLAGS}
    return from_flags({**named, "size": _size(given["size"])})


def _size(text: str | None) -> int | list[int] | None:
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdigit() for side in sides):
        raise click.BadParameter(f"expected N or HEIGHTxWIDTH, got {text!r}.", param_hint="--size")
    return int(sides[0]) if len(sides) == 1 else [int(side) for side in sides]


def _seconds(text: str | None) -> float:
    """Return what ``90s``, ``30m``, ``2h30m`` or ``1d`` are in seconds; None is for ever."""
    if text is None:
        return math.inf
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    if not re.fullmatch(r"(\d+(\.\d+)?[dhms])+", text):
        raise click.BadParameter(
            f"expected a time such as 90m, 2h30m or 1d, got {text!r}.", param_hint="--max-time"
        )
    parts = re.findall(r"([\d.]+)([dhms])", text)
    return sum(float(number) * units[unit] for number, unit in parts)
