"""Options of `translate infer` for a part of many images (a shard), and the list of shards left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from translate.cli.parameters.shared import combine_options
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.engine.shards.shard import Shard


shard_options = combine_options(
    click.option(
        "--files",
        type=LocalPath(path_type=Path),
        metavar="FILE",
        help="File that lists the images to translate: one path per line, relative to SOURCE.  "
        "[default: all images in SOURCE]",
    ),
    click.option(
        "--shard",
        metavar="K/N",
        help="Translate only shard K of N, with K from 0 to N-1; a shard is a part of the images, "
        "chosen by their relative paths.  [default: all images]",
    ),
    click.option(
        "--missing",
        is_flag=True,
        help="With --shard 0/N: translate nothing, but print the shards that are incomplete, such "
        "as 3,17,20-24, for `sbatch --array`; the exit code is 3 if there are any.",
    ),
)


def parse_shard(text: str | None, *, missing: bool) -> Shard | None:
    """Return the shard that ``--shard`` selects; None for all images.

    Raises `ConfigError` for ``--missing`` without ``--shard``.
    """
    from translate.engine.shards.shard import Shard

    if missing and not text:
        raise ConfigError("--missing needs the number of shards: --shard 0/N --missing")
    return Shard.parse(text) if text else None


def print_incomplete_shards(out: Path, count: int) -> int:
    """Print which of `count` shards are incomplete, and return the exit code."""
    from translate.engine.shards.manifests import missing_shards
    from translate.engine.shards.shard import format_indices

    incomplete_shards = missing_shards(out, count)
    console.say(format_indices(incomplete_shards))
    return 3 if incomplete_shards else 0
