"""Options whose value is a part of a recipe: a network or a loss.

The value is the name of a plugin, or a mapping with ``name`` and the options of the plugin.
"""

from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

from translate.engine.system.signatures import Option
from translate.registry import Kind, PartConfig, names


def part_kind(option: Option) -> Kind | None:
    """Return the kind of plugin that `option` takes, which is the kind of its default; or None.

    If both a generator and a discriminator have the default's name, the option's name decides.
    """
    if not _takes_parts(option.annotation):
        return None
    default = part_name(option.default)
    kinds: tuple[Kind, ...] = ("loss", "generator", "discriminator")
    matching = [kind for kind in kinds if default in names(kind)]
    discriminator_options = ("discriminator", "critic", "of")  # `of`: what a wrapper wraps
    preferred = "discriminator" if option.name in discriminator_options else "generator"
    return next((kind for kind in matching if kind == preferred), next(iter(matching), None))


def part_name(part: Any) -> str:
    """Return the name of a part, given as a name or as a mapping with ``name``."""
    return str(part.get("name") if isinstance(part, Mapping) else part)


def _takes_parts(annotation: Any) -> bool:
    if annotation is Any:  # no annotation: the default's name decides
        return True
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return inner == PartConfig or inner == PartConfig | None
