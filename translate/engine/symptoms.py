"""What goes wrong between two players without an error: said once, with the figures."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

JUDGES = ("discriminator", "discriminators")
"""players whose losses are nothing only when they always win; a critic's may be anything"""
DEAD, STEPS = 1e-4, 200
"""a judge whose losses have all been below `DEAD` for so many steps teaches nobody"""
LEVEL, TIMES = 2 / 255, 2
"""images that differ by less than a level in so many previews in a row are one image"""


class Symptoms:
    """Counts what a person would see in the log and the previews of a run, and tells it once."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.dead: dict[str, int] = {}
        self.alike: dict[int, int] = {}
        self.told: set[str] = set()

    def see_losses(self, step: int, steps: int, losses: Mapping[str, float]) -> None:
        """Look at the means of the last `steps` steps, by ``player/name``."""
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

    def see_rows(self, step: int, rows: Sequence[Tensor]) -> None:
        """Look at the rows of a preview, (N, C, H, W) each, drawn of different inputs."""
        for number, row in enumerate(rows, start=1):
            spread = float((row.float() - row[:1].float()).abs().max())
            alike = len(row) > 1 and spread < LEVEL
            self.alike[number] = self.alike.get(number, 0) + 1 if alike else 0
            if self.alike[number] >= TIMES:
                self._tell(
                    "generator",
                    f"step {step}: all images of row {number} of the preview are one, to "
                    f"{spread * 127.5:.2f} of 255 levels: what draws them has collapsed. Go on "
                    "from an earlier checkpoint, with a lower learning rate or another loss.",
                )

    def _tell(self, what: str, line: str) -> None:
        if what not in self.told:
            self.told.add(what)
            self.say(line)
