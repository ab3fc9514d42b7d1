"""The types of settings, and settings that may be given for each domain."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from translate.batches import MAX_CHANNELS
from translate.engine.system.devices import DEVICES, is_device
from translate.folders.names import short_names


def _known_device(name: str) -> str:
    if not is_device(name):
        raise ValueError(f"expected {DEVICES}")
    return name


Device = Annotated[str, AfterValidator(_known_device)]
Fragment = dict[str, Any]
LARGEST_SIDE, LARGEST_BATCH = 1 << 16, 1 << 16
"""larger values exceed any memory: a damaged configuration is refused before it uses it up"""
Positive = Annotated[int, Field(gt=0, le=10**12)]
Side = Annotated[int, Field(gt=0, le=LARGEST_SIDE)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Channels = Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Range = tuple[Number, Number]
Bands = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_CHANNELS)], ...],
    Field(min_length=1, max_length=MAX_CHANNELS),
]
Norm = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Schedule = Literal["constant", "linear", "cosine"]


class Section(BaseModel):
    """A section of a configuration: unknown keys are refused, and it is immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def domain_names(domain: str) -> set[str]:
    """Return the names by which settings may refer to a domain: as typed, and its short names."""
    return {domain, Path(domain).name, *short_names([domain])}


def of_domain(value: Any, domain: str) -> Any:
    """Return the value of a setting for `domain`; None if it is not set for it."""
    if not isinstance(value, dict):
        return value
    return next((value[name] for name in domain_names(domain) if name in value), None)


def by_domain(value: Any) -> list[tuple[str, Any]]:
    """Return the names of domains with the value of a setting; "" for all domains."""
    return [*value.items()] if isinstance(value, dict) else [] if value is None else [("", value)]
