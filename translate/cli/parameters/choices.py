"""Values that an option accepts, as text: choices, a range, or names of parts."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from translate.engine.system.signatures import Option
    from translate.registry import Kind

FEW_WEIGHTS = 1_000_000
"""largest number of weights of a network whose outputs are computed, and not only their shapes"""
RANGES = {"ge": "{} or more", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}


def choices(option: "Option") -> str:
    """Return the values that `option` accepts, such as ``normal, uniform``; empty if any."""
    from translate.engine.config.parts import part_kind, part_name
    from translate.registry import names

    if not (kind := part_kind(option)):
        return allowed_values(option.annotation)
    purpose = use(kind, part_name(option.default))
    return ", ".join(name for name in names(kind) if use(kind, name) == purpose)


def allowed_values(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return the values or the range of a type; empty if it has neither."""
    values, limits = list(_values(annotation)), dict(_limits(annotation, metadata))
    if {"ge", "le"} <= limits.keys():
        limits = {"": f"{limits['ge']} to {limits['le']}", **limits}
        del limits["ge"], limits["le"]
    texts = [str(RANGES.get(key, "{}")).format(limit) for key, limit in limits.items()]
    return ", ".join([*texts, *values])


@cache
def use(kind: "Kind", name: str) -> str:
    """Return the purpose of a part, so that only parts of the same purpose are listed as choices.

    A loss is adversarial or compares images; the purpose of a generator follows from the shapes of
    its outputs.
    """
    from translate.registry import names

    if kind == "loss":
        return "adversarial" if hasattr(names(kind)[name], "for_discriminator") else "images"
    return _generator_use(name) if kind == "generator" else kind


def _generator_use(name: str) -> str:
    import torch

    from translate.contract.kinds import small_options
    from translate.nn.geometry import geometry_of
    from translate.nn.noise import temporary_seed
    from translate.registry import create_generator

    part, side = {"name": name, **small_options("generator", name)}, 32
    create = partial(create_generator, part, in_channels=3, out_channels=3, size=(side, side))
    try:
        with torch.device("meta"):
            weights = sum(parameter.numel() for parameter in create().parameters())
        # to find shapes on the meta device PyTorch imports its compiler, which takes seconds
        device = "cpu" if weights <= FEW_WEIGHTS else "meta"
        with torch.device(device), torch.no_grad(), temporary_seed(0):
            network = create().eval()
            side = geometry_of(network).fit(side)
            with suppress(Exception):  # a generator of images from noise may refuse images
                if network(torch.zeros(2, 3, side, side)).shape[-1] == 1:
                    return "encodes"
                return "translates"
            network(torch.zeros(2, 3, 1, 1))
            return "generates"
    except Exception:  # plugins may raise anything; `translate plugins check` reports it
        return "unknown"


def _values(annotation: Any) -> Iterator[str]:
    """Yield the values that `annotation` lists."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _values(inner[0])
    elif origin in (Union, UnionType):
        for one in inner:
            yield from _values(one)
    elif origin is Literal:
        yield from map(str, inner)
    elif annotation is bool:
        yield from ("true", "false")


def _limits(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the bounds of a number, or of the first number in a union."""
    origin, inner = get_origin(annotation), get_args(annotation)
    notes = [*metadata, *(inner[1:] if origin is Annotated else ())]
    bounds = [
        (bound, getattr(note, bound))
        for note in [*notes, *(m for n in notes for m in getattr(n, "metadata", ()))]
        for bound in RANGES
        if getattr(note, bound, None) is not None
    ]
    if bounds or origin not in (Annotated, Union, UnionType):
        yield from bounds
        return
    for one in inner[: 1 if origin is Annotated else None]:
        if one is not bool and (inner_bounds := list(_limits(one))):
            yield from inner_bounds
            return
