"""The metric values that each method is required to reach, and those that it should reach."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Target(NamedTuple):
    """The bounds of one metric value; None: no bound."""

    name: str
    required: float | None = None
    goal: float | None = None
    minimum: bool = True
    """True: bounds are lower bounds; False: upper bounds"""

    def is_met(self, value: float, bound: float) -> bool:
        """Return whether `value` is on the right side of `bound`; NaN never is."""
        return value >= bound if self.minimum else value <= bound

    def text(self, bound: float) -> str:
        return f"{self.name} {'≥' if self.minimum else '≤'} {format_value(bound)}"


def at_least(name: str, required: float | None = None, goal: float | None = None) -> Target:
    return Target(name, required, goal)


def at_most(name: str, required: float | None = None, goal: float | None = None) -> Target:
    return Target(name, required, goal, minimum=False)


_AUTOENCODER = (at_most("MSE", 0.018, 0.012), at_least("H", 2.2), at_least("P", 0.78, 0.88))

TARGETS: Mapping[str, Sequence[Target]] = {
    "gan-mnist": (
        *(at_least("C", 10), at_least("H", 2.05)),
        *(at_least("P", 0.75), at_most("FD", 0.8, 0.25)),
    ),
    "dcgan-mnist": (
        *(at_least("C", 10), at_least("H", 2.0)),
        *(at_least("P", 0.78), at_most("FD", 0.8, 0.2)),
    ),
    "wgan-mnist": (
        *(at_least("C", 9), at_least("H", 2.0), at_least("P", 0.68), at_most("FD", 1.2, 0.6)),
        at_most("worst FD from 2,500 on", 1.2),
    ),
    "wgan-gp-mnist": (
        *(at_least("C", 9), at_least("H", 2.05), at_least("P", 0.65), at_most("FD", 1.0, 0.25)),
        at_least("rank correlation", 0.5),  # our reading of "the estimate falls as FD falls"
    ),
    "cgan-mnist": (
        *(at_least("class accuracy", 0.8, 0.97), at_most("FD", 0.6, 0.08)),
        at_least("TSTR", None, 0.92),
    ),
    "infogan-mnist": (at_least("purity", 0.5, 0.85), at_least("H", 2.2), at_least("P", 0.85)),
    "autoencoder-mnist": (at_most("MSE", 0.012, 0.006),),
    "vae-mnist": (at_most("negative ELBO", 108, 101), at_least("H", 2.2)),
    "aae-mnist": _AUTOENCODER,
    "wae-mmd-mnist": _AUTOENCODER,
    "wae-gan-mnist": _AUTOENCODER,
    "text2img-small": (
        *(at_least("season", 0.95, 0.9), at_least("lake", 0.8, 0.9), at_least("trees", 0.75, 0.9)),
        *(at_least(name, None, 0.9) for name in ("houses", "sun", "colour")),
        at_least("diversity", 0.5),
    ),
}

SEEDS = {"gan-mnist": 3, "wgan-gp-mnist": 3, "cgan-mnist": 3}
"""Configurations that are evaluated with more than one seed."""


def check(values: Mapping[str, float], targets: Sequence[Target], which: str) -> str:
    """Return how the bounds `which` are met: ``miss: C ≥ 10 ✓, FD ≤ 0.8 ✗``.

    Args:
        values: Measured values by name.
        targets: The bounds of the method.
        which: "required" or "goal".
    """
    bounds = [(target, getattr(target, which)) for target in targets]
    met = {
        target.text(bound): target.is_met(values.get(target.name, float("nan")), bound)
        for target, bound in bounds
        if bound is not None
    }
    if not met:
        return ""
    texts = ", ".join(f"{text} {'✓' if holds else '✗'}" for text, holds in met.items())
    return f"{'pass' if all(met.values()) else 'miss'}: {texts}"


def format_value(value: float) -> str:
    """Return a value with as many digits as the table has."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.{4 if value > 10 else 3}g}"
