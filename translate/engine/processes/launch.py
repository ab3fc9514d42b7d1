"""Rank and world size of this process, from the environment variables of torchrun."""

import os
from typing import NamedTuple

from translate.errors import ConfigError, short_repr

RENDEZVOUS_VARIABLES = ("MASTER_ADDR", "MASTER_PORT")
"""variables with the address and port through which processes find each other"""


class Launch(NamedTuple):
    """Rank and world size of this process."""

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process prints and writes files."""
        return self.rank == 0

    @property
    def is_single(self) -> bool:
        """Whether there are no other processes."""
        return self.world_size == 1


def read_launch() -> Launch:
    """Read ``RANK``, ``WORLD_SIZE`` and ``LOCAL_RANK``; an empty variable counts as not set.

    Raises `ConfigError` if the variables contradict each other.
    """
    rank, world_size, local_rank = map(_number, ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if rank is None and world_size is None:
        return Launch()
    if rank is None or world_size is None:
        names = ("RANK", "WORLD_SIZE")
        present, absent = names if world_size is None else names[::-1]
        if (rank, world_size) in ((None, 1), (0, None)):
            return Launch()
        raise ConfigError(
            f"the environment variable {present} is set, and {absent} is not: start several "
            f"processes with torchrun, which sets both, or type: unset {present}"
        )
    if world_size < 1 or not 0 <= rank < world_size:
        raise ConfigError(
            f"the environment variables are RANK={rank} and WORLD_SIZE={world_size}: RANK must be "
            "from 0 to WORLD_SIZE - 1. Start with torchrun, or type: unset RANK WORLD_SIZE"
        )
    return Launch(rank, world_size, max(0, local_rank or 0))


def max_restarts() -> int:
    """Return the largest number of times that torchrun restarts this command after a failure."""
    return _number("TORCHELASTIC_MAX_RESTARTS") or 0


def restarts_share_store() -> bool:
    """Return whether restarted processes would connect to addresses of processes that have ended.

    In PyTorch 2.14 all restarts use one rendezvous store with the old addresses, unless
    ``TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1`` is set.
    """
    return max_restarts() > 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def require_rendezvous() -> None:
    """Raise `ConfigError` if the address or port of the rendezvous is missing."""
    absent = [name for name in RENDEZVOUS_VARIABLES if not os.environ.get(name, "").strip()]
    port = os.environ.get("MASTER_PORT", "").strip()
    if absent:
        raise ConfigError(
            f"WORLD_SIZE={os.environ['WORLD_SIZE']}, but {' and '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} not set, so the processes cannot connect. "
            "Start them with torchrun, or type: unset RANK WORLD_SIZE"
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
