"""The log of a run as series of values over its records, which are lines of ``log.jsonl``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from translate.run import LogRecord

Field = Literal["losses", "metrics", "lr", "grad_norm"]


@dataclass(frozen=True)
class Log:
    """The records of a run in order, and the step at which the run ends."""

    records: Sequence[LogRecord]
    end: int

    @property
    def last(self) -> LogRecord:
        """The newest record."""
        return self.records[-1]

    def first_step(self, index: int) -> int:
        """Return the first step that the record at `index` covers; the last is ``record.step``."""
        return self.records[index - 1].step + 1 if index else 1

    def names(self, field: Field) -> list[str]:
        """Return the keys of `field` in all records, in order of appearance."""
        return list(dict.fromkeys(name for r in self.records for name in getattr(r, field)))

    def values(self, field: Field, name: str) -> NDArray[np.float64]:
        """Return the value of `name` in each record, NaN where it is missing."""
        return np.array(
            [getattr(record, field).get(name, math.nan) for record in self.records], np.float64
        )

    def window(self, steps: int) -> int:
        """Return the number of newest records that cover `steps` steps; at least four."""
        start = next(
            (r.step for r in reversed(self.records) if r.step <= self.last.step - steps), 0
        )
        return max(4, sum(record.step > start for record in self.records))


def loss_players(log: Log) -> list[str]:
    """Return the players that have losses."""
    return list(dict.fromkeys(name.partition("/")[0] for name in log.names("losses")))


def player_losses(record: LogRecord, player: str) -> Mapping[str, float]:
    """Return the losses of `player`; their names are ``player/loss``."""
    return {n: v for n, v in record.losses.items() if n.partition("/")[0] == player}
