"""The values that an option accepts, as text: choices, a range, or names of networks or losses."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from translate.engine.system.signatures import Option
    from translate.registry import Kind

MAX_CPU_WEIGHTS = 1_000_000
"""number of weights above which only the shapes of outputs are computed, on the meta device"""
BOUND_TEXTS = {"ge": "{} or more", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}
"""texts of the bounds of a number, by their attribute in `annotated_types`"""


def choices(option: "Option") -> str:
    """Return the values that `option` accepts, such as ``normal, uniform``; empty if any is."""
    from translate.engine.config.parts import part_kind, part_name
    from translate.registry import names

    if not (kind := part_kind(option)):
        return allowed_values(option.annotation)
    purpose = purpose_of(kind, part_name(option.default))
    return ", ".join(name for name in names(kind) if purpose_of(kind, name) == purpose)


def allowed_values(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return the values or the range of a type; empty if the type limits neither."""
    texts, bounds = list[str](), dict(_bounds(annotation, metadata))
    if {"ge", "le"} <= bounds.keys():
        texts.append(f"{bounds.pop('ge')} to {bounds.pop('le')}")
    texts += [BOUND_TEXTS[name].format(bound) for name, bound in bounds.items()]
    return ", ".join([*texts, *_values(annotation)])


@cache
def purpose_of(kind: "Kind", name: str) -> str:
    """Return the purpose of a network or loss; only those of one purpose replace each other.

    Returns:
        For a loss, ``adversarial`` or ``images`` (compares images). For a generator,
        ``encodes`` (images to codes), ``translates`` (images to images) or ``generates`` (codes to
        images), by the shapes of its outputs. Otherwise `kind`.
    """
    from translate.engine.config.parts import is_adversarial

    if kind == "loss":
        return "adversarial" if is_adversarial(name) else "images"
    return _purpose_of_generator(name) if kind == "generator" else kind


def _purpose_of_generator(name: str) -> str:
    import torch

    from translate.contract.kinds import small_options
    from translate.nn.geometry import geometry_of
    from translate.nn.noise import temporary_seed
    from translate.registry import create_generator

    side = 32
    selection = {"name": name, **small_options("generator", name)}
    create = partial(create_generator, selection, in_channels=3, out_channels=3, size=(side, side))
    try:
        with torch.device("meta"):
            weights = sum(parameter.numel() for parameter in create().parameters())
        # on the meta device, PyTorch imports its compiler, which takes seconds
        device = "cpu" if weights <= MAX_CPU_WEIGHTS else "meta"
        with torch.device(device), torch.no_grad(), temporary_seed(0):
            network = create().eval()
            side = geometry_of(network).fit(side)  # a size that the network accepts
            with suppress(Exception):  # a generator of images from codes may refuse images
                if network(torch.zeros(2, 3, side, side)).shape[-1] == 1:
                    return "encodes"
                return "translates"
            network(torch.zeros(2, 3, 1, 1))  # codes of three values
            return "generates"
    except Exception:  # plugins may raise anything; `translate plugins check` reports it
        return "unknown"


def _values(annotation: Any) -> Iterator[str]:
    """Yield the values that `annotation` lists."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _values(inner[0])
    elif origin in (Union, UnionType):
        for member in inner:
            yield from _values(member)
    elif origin is Literal:
        yield from map(str, inner)
    elif annotation is bool:
        yield from ("true", "false")


def _bounds(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[tuple[str, Any]]:
    """Yield name and value of the bounds of a number, or of the first number in a union."""
    origin, inner = get_origin(annotation), get_args(annotation)
    constraints = [*metadata, *(inner[1:] if origin is Annotated else ())]
    constraints += [c for each in constraints for c in getattr(each, "metadata", ())]  # of Field
    bounds = [
        (name, getattr(constraint, name))
        for constraint in constraints
        for name in BOUND_TEXTS
        if getattr(constraint, name, None) is not None
    ]
    if bounds or origin not in (Annotated, Union, UnionType):
        yield from bounds
        return
    for member in inner[: 1 if origin is Annotated else None]:
        if member is not bool and (inner_bounds := list(_bounds(member))):
            yield from inner_bounds
            return
