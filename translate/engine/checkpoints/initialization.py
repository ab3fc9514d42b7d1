"""Start a run from the weights of another: what fits is taken, what does not is listed by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.engine.checkpoints import read
from translate.engine.checkpoints.references import resolve
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers
from translate.engine.config.schema import Config
from translate.engine.config.yaml import document
from translate.errors import CheckpointError

MAX_LISTED = 5
"""tensors that a message names; ``run.json`` has all of them"""


class InitialWeights:
    """The checkpoint that a run starts from."""

    def __init__(self, run: Path) -> None:
        path, self.complaints = resolve(run)
        self.run, self.found = run, read.read_checkpoint(path)
        self.facts: dict[str, Any] = {"run": str(run), "step": self.found.step}
        """what ``run.json`` keeps"""

    def configuration(
        self,
        recipe: str | None = None,
        *,
        config: str | Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        assignments: Sequence[str] = (),
    ) -> Config:
        """Return the configuration of the new run: all that is not given is as it was in the old.

        A `config` that is given, or another `recipe`, stands in the place of the old configuration.
        """
        if config is None and recipe in (None, self.found.config.recipe):
            config = document(self.found.config)
        return layers.resolve(recipe, config=config, flags=flags, assignments=assignments)

    def load(self, training: TrainingState) -> list[str]:
        """Load all weights that fit into the networks of `training`; return in words what did not.

        They are those that inference uses: of a run that keeps a moving average, the averages.
        Raises `CheckpointError` where nothing fits.
        """
        own = training.recipe.state_dict()
        tensors = read.read_weights(self.found, own)
        fits = {n: t for n, t in tensors.items() if n in own and own[n].shape == t.shape}
        missing = [name for name in own if name not in tensors]
        unused = [name for name in tensors if name not in own]
        shapes = {
            name: [list(tensors[name].shape), list(own[name].shape)]
            for name in own
            if name in tensors and name not in fits
        }
        if not fits:
            raise CheckpointError(
                f"--init {self.run}: none of its {len(tensors)} tensors fits a network of "
                f"{training.config.recipe}, such as {next(iter(own), 'none')}. Expected a run of "
                "the same recipe and networks: leave out --plugin and --config, to take its own."
            )
        training.recipe.load_state_dict(fits, strict=False)
        if training.average:
            training.average.module.load_state_dict(fits, strict=False)
        self.facts |= {"taken": len(fits), "missing": missing, "unused": unused, "shapes": shapes}
        sizes = [
            f"{n} is {tuple(old)} there and {tuple(new)} here" for n, (old, new) in shapes.items()
        ]
        parts = {
            "start as new, with another shape": sizes,
            "start as new, not there": missing,
            "not needed here": unused,
        }
        lines = [
            f"weights of {self.run}, step {self.found.step}: {len(fits)} of {len(own)} tensors "
            "taken; optimizers, schedule and step start as new"
        ]
        for what, names in parts.items():
            if names:
                more = (
                    f" and {len(names) - MAX_LISTED} more (run.json)"
                    if len(names) > MAX_LISTED
                    else ""
                )
                lines.append(f"{what}: {'; '.join(names[:MAX_LISTED])}{more}")
        return lines
