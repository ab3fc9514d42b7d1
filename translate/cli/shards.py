"""Options of `translate infer` for parts of many images, and the parts that are not complete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from translate.engine.system import console
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.engine.shards.shard import Shard

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--files",
        type=click.Path(path_type=Path),
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
        help="Translate nothing: print which shards are not complete, such as 3,17,20-24, for "
        "`sbatch --array`; the exit code is 3 if there are any.",
    ),
    click.option(
        "--shard-count",
        type=click.IntRange(1),
        metavar="N",
        help="Number of shards of which --missing prints some. [that of --shard]",
    ),
)


def shard_options(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def parse_shard(text: str | None, *, missing: bool, count: int | None) -> Shard | None:
    """Return the shard of the options, with any index where the missing ones are asked for.

    Raises `ConfigError` for options that do not go together.
    """
    from translate.engine.shards.shard import Shard, require_count

    shard = Shard.parse(text) if text else None
    if count is None:
        if missing and shard is None:
            raise ConfigError("missing: say how many shards there are: --missing --shard-count N")
        return shard
    if not missing:
        raise ConfigError("shard-count: it is an option of --missing: a shard is --shard K/N")
    if shard:
        raise ConfigError("shard-count: --shard says how many shards there are: leave one out.")
    require_count(count)
    return Shard(0, count)


def print_missing(out: Path, count: int) -> int:
    """Print which of `count` shards are not complete, and return the exit code."""
    from translate.engine.shards.indices import format_indices
    from translate.engine.shards.manifests import missing_shards

    missing = missing_shards(out, count)
    console.say(format_indices(missing))
    return 3 if missing else 0
