"""Options whose value is a part: a network or a loss, by its name."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

from translate.engine.system.signatures import Option
from translate.registry import Kind, PartConfig, names


def part_kind(option: Option) -> Kind | None:
    """Return the kind of part that `option` takes: that of its default.

    If a generator and a discriminator have the default's name, the name of the option decides.
    """
    if not _takes_parts(option.annotation):
        return None
    default = part_name(option.default)
    kinds: tuple[Kind, ...] = ("loss", "generator", "discriminator")
    matching = [kind for kind in kinds if default in names(kind)]
    scores = option.name in ("discriminator", "critic", "of")
    preferred = "discriminator" if scores else "generator"
    return next((kind for kind in matching if kind == preferred), next(iter(matching), None))


def part_name(part: Any) -> str:
    """Return the name of a part, which may be given with options."""
    return str(part.get("name") if isinstance(part, Mapping) else part)


def _takes_parts(annotation: Any) -> bool:
    if annotation is Any:  # a plugin may leave it out: the default's name decides
        return True
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return inner == PartConfig or inner == PartConfig | None
