"""Options of `translate infer` for parts of many images, and the parts that are not complete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from translate.cli.parameters.values import LocalPath
from translate.engine.system import console
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.engine.shards.shard import Shard

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--files",
        type=LocalPath(path_type=Path),
        metavar="FILE",
        help="File with the paths of the images below SOURCE, one a line, which is read instead "
        "of listing SOURCE. [all images in SOURCE]",
    ),
    click.option(
        "--shard",
        metavar="K/N",
        help="Part K, from 0, of N parts to translate; the relative path of an image alone "
        "determines its part. [all images]",
    ),
    click.option(
        "--missing",
        is_flag=True,
        help="Translate nothing: with --shard 0/N, print which of N shards are not complete, such "
        "as 3,17,20-24, for `sbatch --array`; the exit code is 3 if there are any.",
    ),
)


def shard_options(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def parse_shard(text: str | None, *, missing: bool) -> Shard | None:
    """Return the shard of the options; None for all images.

    Raises `ConfigError` for options that do not go together.
    """
    from translate.engine.shards.shard import Shard

    if missing and not text:
        raise ConfigError("missing: say how many shards there are: --shard 0/N --missing")
    return Shard.parse(text) if text else None


def print_missing(out: Path, count: int) -> int:
    """Print which of `count` shards are not complete, and return the exit code."""
    from translate.engine.shards.indices import format_indices
    from translate.engine.shards.manifests import missing_shards

    missing = missing_shards(out, count)
    console.say(format_indices(missing))
    return 3 if missing else 0
