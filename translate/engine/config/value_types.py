"""The types of settings, and settings that may be given for each domain."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator

from translate.batches import MAX_CHANNELS
from translate.engine.system.devices import DEVICES, is_device
from translate.engine.system.locations import parse_location
from translate.folders.names import short_names


def _known_device(name: str) -> str:
    if not is_device(name):
        raise ValueError(f"expected {DEVICES}")
    return name


def _to_place(value: object) -> Path:
    if not isinstance(value, str | PurePath):
        raise ValueError("expected a path")
    return parse_location(cast(Any, value))


def _return_unchanged(place: Path) -> Any:
    return place


Place = Annotated[Path, PlainValidator(_to_place), PlainSerializer(_return_unchanged)]
"""a folder of the disk, or the URL of a folder in a store"""
Device = Annotated[str, AfterValidator(_known_device)]
Fragment = dict[str, Any]
LARGEST_SIDE, LARGEST_BATCH = 1 << 16, 1 << 16
"""limits in pixels and in images: a damaged configuration is refused before it fills the memory"""
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


BY_DOMAIN = ("channels", "labels", "range", "units", "bands")
"""settings of ``data`` with keys, or items, that may be names of domains"""


class Section(BaseModel):
    """An immutable section of a configuration, which refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def domain_names(domain: str) -> set[str]:
    """Return the names of a domain that settings may use: as typed, and its short names."""
    return {domain, Path(domain).name, *short_names([domain])}


def of_domain(value: Any, domain: str) -> Any:
    """Return a setting for `domain`, from its `value` for all or by domain; None if it is unset."""
    if not isinstance(value, dict):
        return value
    return next((value[name] for name in domain_names(domain) if name in value), None)


def by_domain(value: Any) -> list[tuple[str, Any]]:
    """Return pairs of a domain's name and its value of a setting; the name "" is all domains."""
    return [*value.items()] if isinstance(value, dict) else [] if value is None else [("", value)]


def rename_domains(data: Mapping[str, Any], domains: Sequence[str]) -> dict[str, Any]:
    """Return the section `data` of a configuration, with its settings `BY_DOMAIN` for `domains`.

    A domain that `data` names keeps its settings. Any other domain takes the settings of the domain
    that `data` has at its position. Nothing is changed if the number of domains differs.
    """
    old = [str(name) for name in data.get("domains") or ()]
    if len(old) != len(domains) or list(domains) == old:
        return dict(data)
    old_names = [domain_names(name) for name in old]
    predecessors = {
        new: next(
            (o for o, names in zip(old, old_names, strict=True) if new in names), old[position]
        )
        for position, new in enumerate(domains)
    }
    return {**data} | {
        key: _rename_domains(data[key], predecessors)
        for key in BY_DOMAIN
        if isinstance(data.get(key), dict) or (key == "labels" and data.get(key))
    }


def _rename_domains(value: Any, predecessors: Mapping[str, str]) -> Any:
    """Return a mapping from domains, or a list of domains, for the new domains in `predecessors`.

    `predecessors` maps each new domain to the domain to take the settings from.
    """
    if isinstance(value, dict):
        values = {name: of_domain(value, old) for name, old in predecessors.items()}
        return {name: item for name, item in values.items() if item is not None}
    return [name for name, old in predecessors.items() if not domain_names(old).isdisjoint(value)]
