"""What a launcher such as torchrun says of this process, in environment variables."""

import os
from typing import NamedTuple

from translate.errors import ConfigError, short_repr

RENDEZVOUS_VARIABLES = ("MASTER_ADDR", "MASTER_PORT")
"""where processes that train as one find each other"""


class Launch(NamedTuple):
    """One of several processes that a launcher started, or the only one."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there are no other processes."""
        return self.world == 1


def read_launch() -> Launch:
    """Return what ``RANK``, ``WORLD_SIZE`` and ``LOCAL_RANK`` say; one that is empty is not set.

    Raises `ConfigError` where they make no sense.
    """
    rank, world, local = (_number(name) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if rank is None and world is None:
        return Launch()
    if rank is None or world is None:
        there, absent = ("RANK", "WORLD_SIZE") if world is None else ("WORLD_SIZE", "RANK")
        if (rank, world) in ((None, 1), (0, None)):
            return Launch()
        raise ConfigError(
            f"the environment variable {there} is set, and {absent} is not: start several "
            f"processes with torchrun, which sets both, or type: unset {there}"
        )
    if world < 1 or not 0 <= rank < world:
        raise ConfigError(
            f"the environment variables are RANK={rank} and WORLD_SIZE={world}: RANK must be from "
            "0 to WORLD_SIZE - 1. Start with torchrun, or type: unset RANK WORLD_SIZE"
        )
    return Launch(rank, world, max(0, local or 0))


def require_rendezvous() -> None:
    """Raise `ConfigError` where nothing says where the processes meet."""
    absent = [name for name in RENDEZVOUS_VARIABLES if not os.environ.get(name, "").strip()]
    port = os.environ.get("MASTER_PORT", "").strip()
    if absent:
        raise ConfigError(
            f"WORLD_SIZE={os.environ['WORLD_SIZE']}, but {' and '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} not set, so the processes cannot meet. Start "
            "them with torchrun, or type: unset RANK WORLD_SIZE"
        )
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(
            f"MASTER_PORT: expected a number from 1 to 65535, got {short_repr(port)}."
        )


def _number(name: str) -> int | None:
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError(
            f"the environment variable {name} must be a number, and is {short_repr(text)}. Start "
            f"with torchrun, or type: unset {name}"
        ) from error
