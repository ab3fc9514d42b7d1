"""Start a run with the weights of another run that fit, and report the other weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.engine.checkpoints import read
from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers
from translate.engine.config.schema import Config
from translate.engine.config.value_types import rename_domains
from translate.engine.config.yaml_text import plain_values
from translate.engine.processes.sharded_tensors import shard_like
from translate.errors import CheckpointError

MAX_LISTED = 5
"""number of tensors that a message names; ``run.json`` has all of them"""


class InitialWeights:
    """The checkpoint of `run`, with the initial weights of a new run."""

    def __init__(self, run: Path) -> None:
        path, self.messages = resolve(run)
        self.run, self.checkpoint = run, read.read_checkpoint(path)
        self.facts: dict[str, Any] = {"run": hub.pin(run, path), "step": self.checkpoint.step}
        """the entries of ``run.json`` about the initial weights"""

    def configuration(
        self,
        recipe: str | None = None,
        *,
        config: str | Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        assignments: Sequence[str] = (),
    ) -> Config:
        """Return the configuration of the old run with the settings of the new run.

        A given `config`, or another `recipe`, replaces the configuration of the old run. Settings
        by domain, such as ``data.range``, go to the new domains in their order.
        """
        if config is None and recipe in (None, self.checkpoint.config.recipe):
            config = plain_values(self.checkpoint.config)
            domains = (flags or {}).get("data.domains") or config["data"]["domains"]
            config["data"] = rename_domains(config["data"], domains)
        return layers.resolve(recipe, config=config, flags=flags, assignments=assignments)

    def load(self, training: TrainingState) -> list[str]:
        """Load all weights that fit the networks of `training`; return messages about the others.

        The moving average is loaded if the checkpoint has one, as for inference. Raises
        `CheckpointError` if no tensor fits.
        """
        expected = training.recipe.state_dict()
        tensors = read.read_weights(self.checkpoint, expected)
        missing_names = [name for name in expected if name not in tensors]
        unused_names = [name for name in tensors if name not in expected]
        shapes = {
            name: [list(tensors[name].shape), list(tensor.shape)]
            for name, tensor in expected.items()
            if name in tensors and tensors[name].shape != tensor.shape
        }
        fitting = tensors.keys() - unused_names - shapes.keys()
        matching = {n: shard_like(t, expected[n]) for n, t in tensors.items() if n in fitting}
        if not matching:
            raise CheckpointError(
                f"--init {self.run}: none of its {len(tensors)} tensors fits a network of "
                f"{training.config.recipe}, such as {next(iter(expected), 'none')}. Expected a run "
                "of the same recipe and networks: leave out --plugin and --config, to take its own."
            )
        training.recipe.load_state_dict(matching, strict=False)
        if training.average:
            training.average.module.load_state_dict(matching, strict=False)
        self.facts |= {"taken": len(matching), "missing": missing_names}
        self.facts |= {"unused": unused_names, "shapes": shapes}
        sizes = [f"{n} was {tuple(old)} and is {tuple(new)}" for n, (old, new) in shapes.items()]
        groups = {
            "start as new, with another shape": sizes,
            "start as new, not in that run": missing_names,
            "not needed here": unused_names,
        }
        lines = [
            f"weights of {self.run}, step {self.checkpoint.step}: {len(matching)} of "
            f"{len(expected)} tensors taken; optimizers, schedule and step start as new"
        ]
        for title, names in groups.items():
            if names:
                left = len(names) - MAX_LISTED
                more = f" and {left} more (run.json)" if left > 0 else ""
                lines.append(f"{title}: {'; '.join(names[:MAX_LISTED])}{more}")
        return lines
