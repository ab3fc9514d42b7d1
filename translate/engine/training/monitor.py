"""What goes wrong between two players without an error: said once, with the figures."""

import math
from collections.abc import Callable, Mapping

from torch import Tensor

JUDGES = ("discriminator", "discriminators")
"""players whose losses are nothing only when they always win; a critic's may be anything"""
DEAD, STEPS = 1e-4, 200
"""a judge whose losses have all been below `DEAD` for so many steps teaches nobody"""
EXPLODED = 1e4
"""times its first value, or 1 where that was less, at which a finite loss has diverged"""
HIGHEST_RATE = 1.0
"""learning rate above which no optimizer of a network learns"""
LEVEL, TIMES = 2 / 255, 2
"""images that differ by less than a level in so many previews in a row are one image"""


class Symptoms:
    """Counts what a person would see in the log and the previews of a run, and tells it once."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.dead: dict[str, int] = {}
        self.alike: dict[str, int] = {}
        self.told: set[str] = set()
        self.first: Mapping[str, float] = {}
        """losses of the first step, by ``player/name``"""
        self.rates: Mapping[str, float] = {}
        """learning rates by player, before any schedule"""

    def see_rates(self, rates: Mapping[str, float]) -> None:
        """Look at the learning rates by player, as they are before any schedule."""
        self.rates = rates
        high = {player: rate for player, rate in rates.items() if rate > HIGHEST_RATE}
        if high:
            players = " and ".join(f"{player} is {rate:g}" for player, rate in high.items())
            self._tell(
                "rate",
                f"the learning rate of {players}: usual are 1e-05 to 1e-02, and training will "
                "probably diverge. Set a lower one.",
            )

    def see_losses(self, step: int, steps: int, losses: Mapping[str, float]) -> None:
        """Look at the means of the last `steps` steps, by ``player/name``."""
        self._see_explosion(step, losses)
        for judge in JUDGES:
            own = [abs(value) for name, value in losses.items() if name.startswith(f"{judge}/")]
            self.dead[judge] = self.dead.get(judge, 0) + steps if own and max(own) < DEAD else 0
            if self.dead[judge] >= STEPS:
                self._tell(
                    judge,
                    f"step {step}: the losses of {judge} have been below {DEAD:g} for "
                    f"{self.dead[judge]} steps, now {max(own):.1e}: it always wins, and nothing is "
                    "learnt from it. Make it weaker, slower or noisier, or begin anew.",
                )

    def _see_explosion(self, step: int, losses: Mapping[str, float]) -> None:
        worst: dict[str, float] = {}
        for name, value in losses.items():
            player = name.partition("/")[0]
            limit = EXPLODED * max(1.0, abs(self.first.get(name, 0.0)))
            if limit < abs(value) < math.inf:
                worst[player] = max(abs(value), worst.get(player, 0.0))
        if worst and "rate" not in self.told:
            players = " and ".join(
                f"{player} is {value:.1e} (learning rate {self.rates.get(player, math.nan):g})"
                for player, value in worst.items()
            )
            self._tell(
                "rate",
                f"step {step}: a loss of {players}, more than {EXPLODED:g} times that of the first "
                "step: training diverges. Set a lower learning rate, or train.clip_norm.",
            )

    def see_rows(self, step: int, rows: Mapping[str, Tensor]) -> None:
        """Look at the rows of a preview, (N, C, H, W) each, drawn of different inputs."""
        for name, row in rows.items():
            spread = float((row.float() - row[:1].float()).abs().max())
            alike = len(row) > 1 and spread < LEVEL
            self.alike[name] = self.alike.get(name, 0) + 1 if alike else 0
            if self.alike[name] >= TIMES:
                self._tell(
                    "generator",
                    f"step {step}: all images of row {name!r} of the preview are one, to "
                    f"{spread * 127.5:.2f} of 255 levels: what draws them has collapsed. Go on "
                    "from an earlier checkpoint, with a lower learning rate or another loss.",
                )

    def _tell(self, what: str, line: str) -> None:
        if what not in self.told:
            self.told.add(what)
            self.say(line)
