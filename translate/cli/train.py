"""`translate train`: train a recipe on folders of images."""

from pathlib import Path
from typing import Any

import click

from translate.cli.messages.results import plan_record, report
from translate.cli.parameters.shared import (
    MultiValueOption,
    completer,
    config_names,
    domain_names,
    plugin_names,
    quiet_option,
)
from translate.cli.parameters.train import SettingCommand, refuse_restarts
from translate.cli.parameters.values import LocalPath, parse_duration, parse_size
from translate.engine.system import console
from translate.engine.system.memory import without_collection


@click.command(cls=SettingCommand, no_args_is_help=True)
@click.option(
    "--plugin",
    metavar="RECIPE",
    shell_complete=completer(plugin_names),
    help="Recipe to train; `translate show` lists all.  [default: that of --config]",
)
@click.option(
    "--domains",
    cls=MultiValueOption,
    multiple=True,
    metavar="A [B ...]",
    shell_complete=completer(domain_names),
    help="Domains to train on: folders in --data, or paths. Images are translated from the first "
    "to the last.  [default: those of --config]",
)
@click.option(
    "--config",
    metavar="NAME_OR_FILE",
    shell_complete=completer(config_names),
    help="Configuration to start from: a bundled one by its name, or a YAML file.  [default: none]",
)
@click.option(
    "--data",
    type=click.Path(),
    metavar="DIR",
    help="Folder that holds the domains.  [default: datasets]",
)
@click.option(
    "--out",
    type=LocalPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Run folder to write; a folder that contains a run is refused, except with --resume "
    "auto.  [default: runs/RECIPE-A-B]",
)
@click.option(
    "--resume",
    type=LocalPath(),
    metavar="RUN",
    help="Run to continue with its own settings; only --steps, and settings of logging, saving "
    "and computation may change. auto: continue the run in --out, or start it if there is none.  "
    "[default: none]",
)
@click.option(
    "--init",
    type=LocalPath(path_type=Path),
    metavar="RUN",
    help="Run to fine-tune: a new training starts from its weights and settings, at step 0, with "
    "new optimizers; weights that do not fit the new networks are skipped and listed.  [default: "
    "none]",
)
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Number of training steps.  [default: that of the recipe]",
)
@click.option(
    "--epochs",
    type=int,
    metavar="N",
    help="Number of passes over the training data, instead of --steps.  [default: that of the "
    "recipe]",
)
@click.option(
    "--size",
    type=parse_size,
    metavar="N",
    help="Size of training crops in pixels: N or HEIGHTxWIDTH.  [default: that of the recipe, "
    "mostly 256]",
)
@click.option(
    "--batch-size",
    type=int,
    metavar="N",
    help="Images per step, over all processes.  [default: that of the recipe, mostly 1]",
)
@click.option(
    "--seed",
    type=int,
    metavar="N",
    help="Random seed of initial weights, order of images and augmentation.  [default: 0]",
)
@click.option(
    "--device",
    metavar="DEVICE",
    help="Device to train on: auto, cpu, cuda or cuda:N; auto takes a GPU if there is one.  "
    "[default: auto]",
)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16"]),
    help="Floating-point precision; bf16 halves memory on a GPU.  [default: fp32]",
)
@click.option(
    "--deterministic",
    is_flag=True,
    help="Make training bit for bit repeatable: a fixed number of threads on a CPU, deterministic "
    "operations on a GPU, where training is then slower.",
)
@click.option(
    "--drop-unpaired",
    is_flag=True,
    help="Skip images without a partner, if the layout has pairs.  [default: refuse to train]",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help='Change any setting; VALUE is YAML: --set "options.generator={name: resnet, blocks: 6}".',
)
@click.option(
    "--max-time",
    metavar="TIME",
    help="Time limit, such as 90m or 2h30m, after which training saves a checkpoint and stops.  "
    "[default: no limit]",
)
@click.option(
    "--save-on",
    type=click.Choice(["SIGUSR1", "SIGUSR2", "SIGHUP"]),
    help="Signal for training to save a checkpoint and continue.  [default: none]",
)
@click.option("--accept-data-change", is_flag=True, help="Resume even if the images have changed.")
@click.option(
    "--fork-run",
    is_flag=True,
    help="With --resume: continue with other settings or --data in a new run folder, --out or "
    "RUN-fork.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Train a few steps in memory, and print the time and memory that training would take. "
    "Nothing is written.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="With --dry-run: print JSON.  [default: lines of text]"
)
@quiet_option
def command(
    max_time: str | None,
    save_on: str | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Train a recipe on folders of images; write a run folder.

    `translate show` lists recipes, configurations, layouts, networks and losses; `translate show
    RECIPE` shows every setting of a recipe with its meaning, default and choices.

    \b
    Examples:
      translate train --plugin cyclegan --domains summer winter
      translate train --config cyclegan-small --steps 200 --dry-run
      translate train --resume runs/cyclegan-summer-winter
      translate train --init runs/cyclegan-summer-winter --domains autumn spring --steps 500
      translate train --resume runs/cyclegan-summer-winter --data NEW --fork-run --steps 4000
    """
    with without_collection():
        from translate.engine.config.layers import FLAGS, settings_from_flags
        from translate.engine.processes.launch import read_launch
        from translate.engine.processes.signals import Interrupts
        from translate.engine.training.monitoring.progress_bar import shown_messages, shown_progress
        from translate.engine.training.request import TrainingRequest
        from translate.engine.training.train import train

    max_seconds, dry_run = parse_duration(max_time), options["dry_run"]
    if as_json and not dry_run:
        raise click.UsageError("--json is only for --dry-run: add --dry-run, or leave out --json.")
    flags = settings_from_flags({name: options.pop(name) for name in FLAGS})
    request = TrainingRequest(flags=flags, **options)
    if request.resume is None and not dry_run:
        refuse_restarts()
    quiet = quiet or as_json
    with shown_progress(quiet=quiet, steps=not dry_run) as progress:
        work = "this step, then saving a checkpoint"
        interrupts = Interrupts(save_on=save_on, seconds=max_seconds, work=work)
        result = train(request, progress=progress, interrupts=interrupts)
    if as_json and read_launch().is_first:
        console.show_json(plan_record(result.plan))
    with shown_messages(quiet=quiet):  # below the finished progress bar
        report(result)
    if result.signal:
        return 128 + result.signal
    return 3 if result.listed else 0
