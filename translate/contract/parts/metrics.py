"""The rules of metrics, each tested on random images of two classes; see `translate.metrics`."""

import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from translate.contract.parts.subject import PartSubject
from translate.contract.rules import require, require_equal
from translate.engine.system import randomness
from translate.errors import ConfigError
from translate.metrics import Metric, MetricValue

Rule: TypeAlias = Callable[[PartSubject], str | None]
COUNT, SIDE = 8, 32
"""number of images, and their height and width"""
REAL_FIELDS = {"real", "real_labels"}
"""fields of the real images; their number may differ from that of the fake images"""
ALL_ROWS = slice(None)
TWO_BATCHES = (slice(3), slice(3, None))
"""rows of two batches of different sizes"""
TOLERANCE = 1e-4
"""largest relative difference of values, as the order of a sum changes its rounding"""


def returns_what_it_declares(part: PartSubject) -> None:
    """Return the declared values, as numbers, from the fields in `needs` alone."""
    metric = measure_rows(part)
    unknown = metric.needs - images().keys()
    require(not unknown, f"needs has no field {unknown} of MetricBatch.")
    for name, declared in metric.values.items():
        require(
            isinstance(declared, MetricValue) and declared.better in ("min", "max"),
            f"values[{name!r}] is {declared!r}: expected MetricValue('min') or MetricValue('max').",
        )
    computed = metric.compute()
    message = f"compute returned {sorted(computed)}, but `values` declares {sorted(metric.values)}."
    require(computed.keys() == metric.values.keys(), message)
    for name, value in computed.items():
        is_number = isinstance(value, (int, float)) and not math.isinf(value)
        require(is_number, f"{name} is {value!r}: expected a finite number, or NaN if undefined.")
    for name, column in metric.per_image().items():
        require(name in computed, f"per_image has {name!r}, which `values` does not declare.")
        shape = getattr(column, "shape", None)
        message = f"per_image returned {name} {shape}: return one number for each image."
        require(shape == (COUNT,), message)


def ignores_other_fields(part: PartSubject) -> None:
    """Return equal values in each pass and call, and the same ones if all fields are given."""
    first = measure_rows(part).compute()
    second = measure_rows(part)
    require_close(first, second.compute(), "A second pass returned other values")
    require_close(first, second.compute(), "A second call of compute returned other values")
    message = "With all fields of MetricBatch it returned other names of values."
    require(measure_batches(part, images()).compute().keys() == first.keys(), message)


def measures_in_any_order(part: PartSubject) -> None:
    """Return the same values for the same images in another order and in other batches."""
    whole_result = measure_rows(part).compute()
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(1))
    require_close(whole_result, measure_rows(part, order).compute(), "In another order of images")
    in_two_batches = measure_rows(part, *TWO_BATCHES).compute()
    require_close(whole_result, in_two_batches, "In two batches instead of one")


def merges_states(part: PartSubject) -> None:
    """Return the same values from the merged states of two processes as from one process."""
    whole_result = measure_rows(part).compute()
    first, second = (measure_rows(part, rows) for rows in TWO_BATCHES)
    first.merge({name: tensor.clone() for name, tensor in second.state().items()})
    require_close(whole_result, first.compute(), "After merge(state()) of two parts")


def can_be_resampled(part: PartSubject) -> str | None:
    """Resample images with replacement for intervals, without changes to the metric."""
    metric = measure_rows(part)
    if not metric.resamples:
        return "its resamples are 0"
    before = metric.compute()
    resampled = metric.resample(np.random.default_rng(0)).compute()
    require(resampled.keys() == before.keys(), f"A resampled metric returned {sorted(resampled)}.")
    message = "After resample, the original metric returned other values"
    require_close(before, metric.compute(), message)
    return None


def measures_inside_masks(part: PartSubject) -> str | None:
    """If `masked`, return the same values with masks that cover all pixels as without masks."""
    metric: Metric = part.make()
    if not metric.masked:
        return "it is not masked"
    whole_fields = needed_fields(part)
    with_masks = {**whole_fields, "mask": torch.ones(COUNT, 1, SIDE, SIDE, dtype=torch.bool)}
    require_close(
        measure_batches(part, whole_fields).compute(),
        measure_batches(part, with_masks).compute(),
        "With masks that cover all pixels",
    )
    return None


def has_no_side_effects(part: PartSubject) -> None:
    """Do not change the images or the state of global random generators."""
    fields, metric = needed_fields(part), part.make()
    before = {name: tensor.clone() for name, tensor in fields.items()}
    random = randomness.random_state()
    measure(metric, fields)
    metric.compute()
    require_equal(before, fields, "update changed {}: copy it first.")
    require_equal(random, randomness.random_state(), "It drew from {}: use its own generator.")


def accepts_one_image(part: PartSubject) -> None:
    """Return numbers or NaN for one image, and raise nothing."""
    values = measure_rows(part, slice(1)).compute()
    infinite = [name for name, value in values.items() if math.isinf(value)]
    message = f"For one image, {infinite} is infinite: return NaN for an undefined value."
    require(not infinite, message)


def unless_unavailable(rule: Rule) -> Rule:
    """Return `rule`, changed so that it does not apply if the metric lacks a file or package."""

    @wraps(rule)
    def checked_rule(part: PartSubject) -> str | None:
        try:
            return rule(part)
        except ConfigError as error:
            return f"not tested: {error}"

    return checked_rule


RULES = tuple(
    unless_unavailable(rule)
    for rule in (
        returns_what_it_declares,
        ignores_other_fields,
        measures_in_any_order,
        merges_states,
        can_be_resampled,
        measures_inside_masks,
        has_no_side_effects,
        accepts_one_image,
    )
)


def measure_rows(part: PartSubject, *rows: slice | Tensor) -> Metric:
    """Return a new metric that has measured a batch for each of `rows`, by default one of all."""
    return measure_batches(part, *(needed_fields(part, each) for each in rows or (ALL_ROWS,)))


def measure_batches(part: PartSubject, *batches: Mapping[str, Tensor]) -> Metric:
    """Return a new metric that has measured `batches`."""
    metric: Metric = part.make()
    measure(metric, *batches)
    return metric


def measure(metric: Metric, *batches: Mapping[str, Tensor]) -> None:
    """Update `metric` first with the fake images of all `batches`, then with the real ones."""
    for real in (False, True):
        for batch in batches:
            fields: Any = {k: v for k, v in batch.items() if (k in REAL_FIELDS) == real}
            if fields and (not real or metric.needs & REAL_FIELDS):
                metric.update(fields)


def needed_fields(part: PartSubject, rows: slice | Tensor = ALL_ROWS) -> dict[str, Tensor]:
    """Return the given rows of random images and labels for the fields that the metric needs."""
    needs = part.make().needs
    return {name: tensor[rows] for name, tensor in images().items() if name in needs}


def images() -> dict[str, Tensor]:
    """Return all fields of `MetricBatch` except the mask; images are random, from 0 to 255."""
    generator = torch.Generator().manual_seed(0)

    def noise(levels: int = 256) -> Tensor:
        pixels = torch.randint(0, levels, (COUNT, 3, SIDE, SIDE), generator=generator)
        return pixels.float()

    labels = torch.arange(COUNT) % 2
    target, weights = noise(), torch.linspace(0.1, 0.8, COUNT).view(-1, 1, 1, 1)
    return {
        "fake": target.lerp(noise(), weights).round(),  # increasingly far from the target
        "target": target,
        "source": noise(),
        "cycle": noise(),
        "labels": labels,
        "real": noise(128),
        "real_labels": labels.flip(0),
    }


def require_close(first: Mapping[str, float], other: Mapping[str, float], when: str) -> None:
    """Require that values are equal up to rounding; NaN is equal to NaN."""
    for name, expected in first.items():
        actual = other.get(name, math.inf)
        close = math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=1e-6)
        both_nan = math.isnan(expected) and math.isnan(actual)
        require(close or both_nan, f"{when}: {name} is {actual:.6g} instead of {expected:.6g}.")
