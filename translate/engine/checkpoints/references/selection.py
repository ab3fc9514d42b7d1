"""The best value of ``train.metric`` in a run, and the number of evaluations since."""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Self

from translate.engine.checkpoints.contents import Best, State


@dataclass(frozen=True)
class Selection:
    """The best value of ``train.metric`` so far; saved in every checkpoint."""

    best_by: Best
    """the name of the metric value, and whether ``min`` or ``max`` is better"""
    value: float | None = None
    """the best value so far"""
    step: int = 0
    """the step of the best value"""
    waited: int = 0
    """number of evaluations after the best one"""

    @classmethod
    def of(cls, state: State) -> Self | None:
        """Return the selection that is saved in a checkpoint, or None."""
        if state.selection is None or state.best_by is None:
            return None
        return cls(state.best_by, **state.selection.model_dump())

    def with_evaluation(self, value: float, step: int) -> "Selection":
        """Return the selection after an evaluation; a `value` that is not finite is no better."""
        if not isfinite(value) or not self._is_better(value):
            return replace(self, waited=self.waited + 1)
        return Selection(self.best_by, value, step)

    def _is_better(self, value: float) -> bool:
        if self.value is None:
            return True
        return value < self.value if self.best_by[1] == "min" else value > self.value

    def document(self) -> dict[str, Any]:
        """Return the entries for ``state.json``, without `best_by`."""
        return {key: value for key, value in asdict(self).items() if key != "best_by"}

    @property
    def best(self) -> str:
        """The best value and its step, such as ``METRIC 0.031 at step 4000``."""
        return f"{self.best_by[0]} {self.value:.4g} at step {self.step}"

    @property
    def plateau(self) -> str:
        """The reason to stop after too many evaluations without improvement."""
        name, count = self.best_by[0], f"{self.waited} evaluation{'s' * (self.waited != 1)}"
        if self.value is None:
            return f"{name} had no finite value in {count}"
        return f"no improvement in {name} for {count} (best {self.value:.4g} at step {self.step})"
